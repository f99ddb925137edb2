import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// No package is imported here: `forward` has no time for it.

/** Only this machine reaches it. 2801, which falcosidekick has, is left to it. */
export const defaultHttp = "127.0.0.1:5061";
/** Falco's own. */
const falcoFolder = "/run/falco";
/** Where gRPC is served, and where alerts are posted. */
const [grpcSocket, inputSocket] = ["falco.sock", "falco-input.sock"];

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
  if (process.getuid?.() === 0) return address(falcoFolder, socket);
  const folder = userFolder();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertOwn(folder);
  return address(folder, socket);
}

/** A socket of a server that may be running. */
function knownAddress(socket: string): string {
  const folder = userFolder();
  if (existsSync(join(falcoFolder, socket)) || !existsSync(join(folder, socket))) {
    return address(falcoFolder, socket);
  }
  assertOwn(folder);
  return address(folder, socket);
}

function userFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  return runtime !== undefined && runtime !== ""
    ? runtime
    : join(tmpdir(), `falco-outputs-${process.getuid?.() ?? "user"}`);
}

/** Whoever can write to the folder could put a socket of theirs there, and read alerts or forge them. */
function assertOwn(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  const isDirectory = (mode & 0o170_000) === 0o040_000;
  if (isDirectory && uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0) return;
  throw new Error(
    `${folder}: others own this folder or can write to it: remove it, or name an address (--listen, --http, --address)`,
  );
}

function address(folder: string, socket: string): string {
  return `unix://${join(folder, socket)}`;
}
