import { type BigIntStats, fstatSync, statSync } from "node:fs";
import { type Address, formatAddress } from "@falco-outputs/core/transport";
import { UsageError } from "../args/usage-error.js";
import { listOf } from "./items-of.js";
import { readAddress } from "./read-address.js";
import { realPath } from "./real-path.js";
import { reaches } from "./same-host.js";
import type { Serving } from "./serving.js";

/** What an output writes to, or an input reads from, and the key for it. */
interface End {
  key: string;
  place: Place;
}

type Place = Address | { kind: "file"; path: string } | { kind: "stream"; descriptor: number };

/**
 * An output that feeds an input of the same server would send each alert round forever. Addresses and paths are compared;
 * what a program does with the alerts is unknown.
 * @throws UsageError that names both, and where they meet.
 */
export function assertNoLoop(serving: Serving): void {
  const inputs = inputsOf(serving);
  for (const output of outputsOf(serving)) {
    const input = inputs.find(({ place }) => isSame(place, output.place));
    if (input !== undefined) throw loop(output, input);
  }
}

function loop(output: End, input: End): UsageError {
  const advice = output.key.startsWith("http_output")
    ? ": an http_output that posts to this server belongs in falco.yaml, not here"
    : "";
  return new UsageError(
    `${output.key} feeds ${input.key} of the same server${where(input.place)}: each alert would go round forever${advice}`,
  );
}

function where(place: Place): string {
  if (place.kind === "stream") return "";
  return ` (${place.kind === "file" ? place.path : formatAddress(place)})`;
}

function inputsOf({ server, stdin, upstreams, items }: Serving): End[] {
  const { http = [], files = [] } = server.inputs ?? {};
  const ends: End[] = [
    ...listeners(items["inputs.http.bind_address"], [http].flat()),
    ...files.map(({ path }, index) => ({
      key: `${items["inputs.file"]![index]}.filename`,
      place: file(path),
    })),
    ...upstreams.map(({ key, address }) => at(`${key}.address`, address)),
  ];
  if (stdin) ends.push({ key: "inputs.stdin", place: { kind: "stream", descriptor: 0 } });
  return ends;
}

function outputsOf({ server, items }: Serving): End[] {
  const { http, file: toFile, stdout } = server.outputs ?? {};
  const ends = listeners(items["grpc.bind_address"], server.listen ?? []);
  if (stdout !== undefined) ends.push({ key: "stdout_output", place: { kind: "stream", descriptor: 1 } });
  for (const [index, { filename }] of listOf(toFile).entries()) {
    ends.push({ key: `${items.file_output![index]}.filename`, place: file(filename) });
  }
  for (const [index, { url: text }] of listOf(http).entries()) {
    if (!URL.canParse(text)) continue;
    const url = new URL(text);
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    ends.push({ key: `${items.http_output![index]}.url`, place: { kind: "tcp", host: url.hostname, port } });
  }
  return ends;
}

function listeners(
  keys: readonly string[] | undefined,
  items: readonly (string | { address: string })[],
): End[] {
  return items.map((item, index) => at(keys![index]!, typeof item === "string" ? item : item.address));
}

function at(key: string, address: string): End {
  return { key, place: readAddress(key, address) };
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
 * What identifies a file or pipe; undefined for what does not exist, and for a stream from which nothing can be read back,
 * such as a terminal or /dev/null.
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
    // It is below a folder that cannot be read, or a broken link: opening it reports that, with the key that names it.
    return undefined;
  }
}
