import { type BigIntStats, fstatSync, statSync } from "node:fs";
import { type Address, formatAddress } from "@falco-outputs/node";
import { UsageError } from "../usage-error.js";
import { forwardAddresses } from "./forward-addresses.js";
import { readAddress } from "./read-address.js";
import { realPath } from "./real-path.js";
import { reaches } from "./same-host.js";
import type { Serving } from "./serving.js";

/** What an output writes to, or an input reads from, under the key that says so. */
interface End {
  key: string;
  place: Place;
}

type Place = Address | { kind: "file"; path: string } | { kind: "stream"; descriptor: number };

/**
 * An output that feeds an input of the same server would send each alert round forever.
 * @param fileKeys The key of each of the server's `inputs.files`.
 * @throws UsageError that names both, and where they meet.
 */
export function assertNoLoop(serving: Serving, fileKeys: readonly string[]): void {
  const inputs = inputsOf(serving, fileKeys);
  for (const output of outputsOf(serving)) {
    const input = inputs.find(({ place }) => isSame(place, output.place));
    if (input !== undefined) throw loop(output, input);
  }
}

function loop(output: End, input: End): UsageError {
  const advice =
    output.key === "http_output.url"
      ? ": an http_output that posts to this server belongs into falco.yaml, not here"
      : "";
  return new UsageError(
    `${output.key} feeds ${input.key} of the same server${where(input.place)}: each alert would go round forever${advice}`,
  );
}

function where(place: Place): string {
  if (place.kind === "stream") return "";
  return ` (${place.kind === "file" ? place.path : formatAddress(place)})`;
}

function inputsOf({ server, stdin, upstreams }: Serving, fileKeys: readonly string[]): End[] {
  const { http = [], files = [] } = server.inputs ?? {};
  const ends: End[] = [
    ...[http].flat().map((input) => {
      const key = "inputs.http.bind_address";
      return { key, place: readAddress(key, typeof input === "string" ? input : input.address) };
    }),
    ...files.map(({ path }, index) => ({ key: `${fileKeys[index]}.filename`, place: file(path) })),
    ...upstreams.map(({ key, address }) => ({
      key: `${key}.address`,
      place: readAddress(`${key}.address`, address),
    })),
  ];
  if (stdin) ends.push({ key: "inputs.stdin", place: { kind: "stream", descriptor: 0 } });
  return ends;
}

function outputsOf({ server }: Serving): End[] {
  const { http, file: toFile, program, stdout } = server.outputs ?? {};
  const ends: End[] = (server.listen ?? []).map((listener) => {
    const key = "grpc.bind_address";
    return { key, place: readAddress(key, typeof listener === "string" ? listener : listener.address) };
  });
  if (stdout !== undefined) ends.push({ key: "stdout_output", place: { kind: "stream", descriptor: 1 } });
  if (toFile !== undefined) ends.push({ key: "file_output.filename", place: file(toFile.filename) });
  const url = http && URL.canParse(http.url) ? new URL(http.url) : undefined;
  if (url !== undefined) {
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    ends.push({ key: "http_output.url", place: { kind: "tcp", host: url.hostname, port } });
  }
  if (program !== undefined) {
    const key = "program_output.program";
    ends.push(...forwarded(key, program.program).map((place) => ({ key, place })));
  }
  return ends;
}

function forwarded(key: string, program: string): Address[] {
  try {
    return forwardAddresses(program);
  } catch (error) {
    throw new UsageError(`${key}: ${(error as Error).message}`);
  }
}

function file(path: string): Place {
  return { kind: "file", path };
}

function isSame(one: Place, other: Place): boolean {
  if (one.kind === "tcp" && other.kind === "tcp") {
    return one.port === other.port && one.port !== 0 && reaches(one.host, other.host);
  }
  if (one.kind === "tcp" || other.kind === "tcp") return false;
  if (one.kind !== "stream" && one.kind === other.kind && realPath(one.path) === realPath(other.path)) {
    return true;
  }
  const [a, b] = [identityOf(one), identityOf(other)];
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/**
 * What tells a file or pipe from all others; undefined for what is not there, and for a stream that nothing could come
 * back from: a terminal is not read back, and nothing is kept by /dev/null.
 */
function identityOf(place: Exclude<Place, { kind: "tcp" }>): BigIntStats | undefined {
  if (place.kind === "unix") return undefined;
  if (place.kind === "file") return statsOf(place.path);
  const stats = fstatSync(place.descriptor, { bigint: true });
  return stats.isFIFO() || stats.isFile() ? stats : undefined;
}

function statsOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // It is behind what may not be read, or leads nowhere: who opens it says so, under the key that names it.
    return undefined;
  }
}
