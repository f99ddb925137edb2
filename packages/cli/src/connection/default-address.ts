import { mkdirSync } from "node:fs";
import {
  falcoFolder,
  folderWith,
  grpcSocket,
  isPrivate,
  socketAddress,
  userFolder,
} from "@falco-outputs/node/default-address";

// Nothing more is imported here: `forward` has no time for it.

/** Only this machine reaches it. 2801, which falcosidekick has, is left to it. */
export const defaultHttp = "127.0.0.1:5061";
/** The name of the socket to which alerts are posted. */
const inputSocket = "falco-input.sock";

/** Where `serve` listens when it is not told: Falco's own socket for root, else one in a folder of the user's own. */
export function defaultListenAddress(): string {
  return ownAddress(grpcSocket);
}

/** Where a subscriber looks when it is not told: Falco's own socket, else that of a server of the same user. */
export function defaultServerAddress(): string {
  return knownAddress(grpcSocket);
}

/** Where `serve` takes posts when it is not told: beside its gRPC socket, and where Falco's `http_output` reaches it. */
export function defaultHttpAddresses(): string[] {
  return [ownAddress(inputSocket), defaultHttp];
}

/** Where `forward` posts when it is not told: beside the socket where a subscriber looks. */
export function defaultInputAddress(): string {
  return knownAddress(inputSocket);
}

/** A socket of a server that is about to start. */
function ownAddress(socket: string): string {
  if (process.getuid?.() === 0) return socketAddress(falcoFolder, socket);
  const folder = userFolder();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertOwn(folder);
  return socketAddress(folder, socket);
}

/** A socket of a server that may be running. */
function knownAddress(socket: string): string {
  const folder = folderWith(socket);
  if (folder !== falcoFolder) assertOwn(folder);
  return socketAddress(folder, socket);
}

function assertOwn(folder: string): void {
  if (isPrivate(folder)) return;
  throw new Error(
    `${folder}: others own this folder or can write to it: remove it, or name an address (--listen, --http, --address)`,
  );
}
