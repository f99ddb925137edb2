export { Authority, type Identity, type IdentityOptions, writeIdentity } from "./certificates.js";
export { fixtureBodies, fixtureBody, fixtureLines, fixturePath } from "./fixtures.js";
export { lacks } from "./lacks.js";
export { OldFalco, type RaisedAlert } from "./old-falco.js";
export { isInstalled, type ReverseProxy, reverseProxies, startReverseProxy } from "./reverse-proxies.js";
export { ServerProcess } from "./server-process.js";
export { Tally } from "./tally.js";
