import { join } from "node:path";
import { Authority, writeIdentity } from "@falco-outputs/testing";
import type { IdentityName } from "./case.js";

export interface IdentityFiles {
  ca: string;
  cert: string;
  key: string;
}

/** The name that the certificate of `server-of-another-name` is for. */
const anotherName = "falco.example";

/** Writes every certificate that a case may name; each with the authority that the other side should trust. */
export async function writeIdentities(folder: string): Promise<Record<IdentityName, IdentityFiles>> {
  const [authority, another] = await Promise.all([Authority.create(), Authority.create()]);
  const write = async (name: IdentityName, from: Authority, options?: Parameters<Authority["issue"]>[0]) =>
    writeIdentity(
      join(folder, name),
      name.startsWith("server") ? "server" : "client",
      authority.ca,
      await from.issue(options),
    );
  return {
    server: await write("server", authority),
    "server-expired": await write("server-expired", authority, { days: -1 }),
    "server-of-another-name": await write("server-of-another-name", authority, { names: [anotherName] }),
    "server-of-another-authority": await write("server-of-another-authority", another),
    client: await write("client", authority),
    "client-expired": await write("client-expired", authority, { days: -1 }),
    "client-of-another-authority": await write("client-of-another-authority", another),
  };
}

/** The server and a client with certificates of a new authority: in a folder, or in the files that are there already. */
export async function exchangeIdentities(
  identities: Record<IdentityName, IdentityFiles>,
  folder: string,
): Promise<Record<IdentityName, IdentityFiles>> {
  const authority = await Authority.create();
  const write = async (name: "server" | "client") =>
    writeIdentity(join(folder, name), name, authority.ca, await authority.issue());
  return { ...identities, server: await write("server"), client: await write("client") };
}
