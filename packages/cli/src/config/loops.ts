import { fstatSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { type Address, parseAddress } from "@falco-outputs/node";
import { UsageError } from "../usage-error.js";
import type { Serving } from "./serving.js";

/** What an output writes to, or an input reads from, under the key that says so. */
interface End {
  key: string;
  place: Address | { kind: "file"; path: string };
}

/**
 * An output that feeds an input of the same server would send each alert round forever.
 * @throws UsageError that names both.
 */
export function assertNoLoop(serving: Serving): void {
  const inputs = inputsOf(serving);
  for (const output of outputsOf(serving)) {
    const input = inputs.find(({ place }) => isSame(place, output.place));
    if (input !== undefined) throw loop(output.key, input.key);
  }
  if (serving.stdin && serving.server.outputs?.stdout !== undefined && isSameStream(0, 1)) {
    throw loop("stdout_output", "inputs.stdin");
  }
}

function loop(output: string, input: string): UsageError {
  return new UsageError(`${output} feeds ${input} of the same server: each alert would go round forever`);
}

function inputsOf({ server, upstreams }: Serving): End[] {
  const { http = [], files = [] } = server.inputs ?? {};
  return [
    ...[http].flat().map((input) => ({
      key: "inputs.http.bind_address",
      place: parseAddress(typeof input === "string" ? input : input.address),
    })),
    ...files.map(({ path }, index) => ({ key: `inputs.file[${index}].filename`, place: file(path) })),
    ...upstreams.map(({ address }, index) => ({
      key: `inputs.grpc[${index}].address`,
      place: parseAddress(address),
    })),
  ];
}

function outputsOf({ server }: Serving): End[] {
  const { http, file: toFile, program } = server.outputs ?? {};
  const ends: End[] = (server.listen ?? []).map((listener) => ({
    key: "grpc.bind_address",
    place: parseAddress(typeof listener === "string" ? listener : listener.address),
  }));
  if (toFile !== undefined) ends.push({ key: "file_output.filename", place: file(toFile.filename) });
  const url = http && URL.canParse(http.url) ? new URL(http.url) : undefined;
  if (url !== undefined) {
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    ends.push({ key: "http_output.url", place: { kind: "tcp", host, port } });
  }
  const forwarded =
    program && /\bfalco-outputs(?:\.js)?\s+forward\b(?:.*?(?:-a|--address)[ =]+(\S+))?/.exec(program.program);
  if (forwarded?.[1] !== undefined) {
    ends.push({ key: "program_output.program", place: parseAddress(forwarded[1]) });
  }
  return ends;
}

function file(path: string): End["place"] {
  return { kind: "file", path: resolve(path) };
}

function isSame(one: End["place"], other: End["place"]): boolean {
  if (one.kind === "tcp" && other.kind === "tcp") {
    return one.port === other.port && one.port !== 0 && reaches(one.host, other.host);
  }
  if (one.kind === "tcp" || other.kind === "tcp") return false;
  return one.kind === other.kind && resolve(one.path) === resolve(other.path);
}

/** Whether who connects to `to` may come to what listens on `on`, by name or address of this machine. */
function reaches(on: string, to: string): boolean {
  if (on === to) return true;
  const own = new Set([
    "localhost",
    ...Object.values(networkInterfaces()).flatMap((list) => list!.map(({ address }) => address)),
  ]);
  const isOwn = (host: string) => own.has(host) || /^127\./.test(host);
  const isAny = on === "0.0.0.0" || on === "::";
  return isOwn(to) && (isAny || (isOwn(on) && isLoopback(on) === isLoopback(to)));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** Whether two descriptors are one pipe or file. A terminal is not read back, and nothing is kept by /dev/null. */
function isSameStream(one: number, other: number): boolean {
  const [a, b] = [fstatSync(one), fstatSync(other)];
  return (a.isFIFO() || a.isFile()) && a.dev === b.dev && a.ino === b.ino;
}
