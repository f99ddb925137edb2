import { join } from "node:path";
import { Authority, writeIdentity } from "@falco-outputs/testing";
import type { Listen, TlsFiles } from "../peers/roles.js";
import { temporaryFolder } from "../process/processes.js";

let sockets = 0;

/** A unix socket whose path is not in use yet. */
export function unixSocket(): { path: string } {
  return { path: join(temporaryFolder(), `${++sockets}.sock`) };
}

/** Mutual TLS: each side's files, of one authority. */
export async function mutualTls(): Promise<{ server: Listen; client: TlsFiles }> {
  const authority = await Authority.create();
  const write = async (name: "server" | "client") =>
    writeIdentity(join(temporaryFolder(), "tls", name), name, authority.ca, await authority.issue());
  return { server: { tls: await write("server") }, client: await write("client") };
}
