import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { UsageError } from "../args/usage-error.js";

/** What a certificate is called, and for what it holds. */
export interface Subject {
  readonly name: string;
  readonly use: "server" | "client";
  readonly alternativeNames: readonly { readonly type: "dns" | "ip"; readonly value: string }[];
}

/** The longest common name (RFC 5280). */
const maxNameLength = 64;
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;
const clientName = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
/** Whose files a client's would overwrite. */
const otherFiles: ReadonlySet<string> = new Set(["ca", "server"]);

/** @throws UsageError for a host that is neither a DNS name nor an IP address. */
export function serverSubject(hosts: readonly string[]): Subject {
  const alternativeNames = [...new Set(hosts)].map(alternativeName);
  const names = alternativeNames.map(({ value }) => value);
  return {
    name: names.find((name) => name.length <= maxNameLength) ?? "server",
    use: "server",
    alternativeNames,
  };
}

/** @throws UsageError for a name that cannot be a file's. */
export function clientSubject(name: string): Subject {
  if (!clientName.test(name) || otherFiles.has(name.toLowerCase())) {
    throw new UsageError(
      `${JSON.stringify(name)}: expected a client's name of up to 64 letters, digits, dots, dashes and underscores, and neither "ca" nor "server"`,
    );
  }
  return { name, use: "client", alternativeNames: [{ type: "dns", value: name }] };
}

function alternativeName(host: string): Subject["alternativeNames"][number] {
  if (isIP(host) !== 0 && !host.includes("%")) return { type: "ip", value: host };
  const name = domainToASCII(host.replace(/^\*\./, ""));
  const isName = name !== "" && name.length <= 253 && name.split(".").every((part) => label.test(part));
  // What looks like an address and is none, such as 10.0.0.256 or 10.1, would never match.
  if (isName && isIP(name) === 0) {
    return { type: "dns", value: host.startsWith("*.") ? `*.${name}` : name };
  }
  throw new UsageError(
    `--host: ${JSON.stringify(host)}: expected a DNS name or an IP address, without a port`,
  );
}
