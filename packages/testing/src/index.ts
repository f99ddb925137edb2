export { Authority, type Identity, type IdentityOptions, writeIdentity } from "./certificates.js";
export { fixtureLines, fixturePath } from "./fixtures.js";
export { lacks } from "./lacks.js";
