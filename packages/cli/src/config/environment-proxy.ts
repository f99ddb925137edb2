import { BlockList, isIP } from "node:net";

/**
 * The proxy for a URL by the environment, as libcurl reads it: `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in
 * lower case or else in upper case. (libcurl does not read `HTTP_PROXY`, which is a request's header in CGI programs.)
 * Undefined: none.
 * @throws Error that names the variable, and shows nothing of the proxy's password.
 */
export function environmentProxy(url: URL, environment: NodeJS.ProcessEnv): URL | undefined {
  const scheme = url.protocol.slice(0, -1);
  const set = [`${scheme}_proxy`, "all_proxy"]
    .flatMap((name) => [name, name.toUpperCase()])
    .find((name) => isSet(environment[name]));
  if (set === undefined || isExcluded(url.hostname, noProxy(environment))) return undefined;
  return readProxy(set, environment[set]!);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

function noProxy({ no_proxy, NO_PROXY }: NodeJS.ProcessEnv): string[] {
  const list = isSet(no_proxy) ? no_proxy! : (NO_PROXY ?? "");
  return list.trim() === "*" ? ["*"] : list.split(/[\s,]+/).filter((entry) => entry !== "");
}

/** A name is excluded with those below it; an address by itself, or by a network: `10.0.0.0/8`. */
function isExcluded(hostname: string, entries: readonly string[]): boolean {
  if (entries[0] === "*") return true;
  const host = bare(hostname);
  const family = isIP(host);
  return entries.some((entry) => {
    if (family !== 0) return isInNetwork(host, family, entry);
    const name = bare(entry).replace(/^\./, "");
    return name !== "" && (host === name || host.endsWith(`.${name}`));
  });
}

function isInNetwork(host: string, family: number, entry: string): boolean {
  const [network = "", bits] = entry.split("/");
  const address = bare(network);
  if (isIP(address) !== family) return false;
  const most = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) return false;
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(address, prefix, type);
  return list.check(host, type);
}

/** Without an IPv6 address's brackets, or a name's dot at the end. */
function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

function readProxy(name: string, value: string): URL {
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new Error(
    `the variable ${name} names no proxy that can be used, expected http://host:port or https://host:port`,
  );
}
