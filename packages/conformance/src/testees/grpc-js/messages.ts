/** The contract's messages by their field numbers, from Falco's own proto files. */
import { type NeutralAlert, neutralTime } from "../../protocol.js";
import { encodeTime, readFields, readInt, readText, writeBytes, writeText, writeVarint } from "./wire.js";

/** How a field is encoded; a nested message by its own fields. */
type FieldKind = "text" | "number" | "time" | FieldNumbers;
interface FieldNumbers {
  [name: string]: readonly [number: number, kind: FieldKind];
}

const fieldFilter: FieldNumbers = { name: [1, "text"], values: [2, "text"] };
const filter: FieldNumbers = {
  rules: [1, "text"],
  sources: [2, "text"],
  hostnames: [3, "text"],
  tags: [4, "text"],
  min_priority: [5, "number"],
  fields: [6, fieldFilter],
};
const outputsRequest: FieldNumbers = {
  allow: [2, filter],
  deny: [3, filter],
  group: [6, "text"],
  broadcast: [7, "number"],
  after: [8, "number"],
  follow: [9, "number"],
  acknowledged: [10, "number"],
  since: [11, "time"],
  until: [12, "time"],
};
const legacyRequest: FieldNumbers = { keepalive: [1, "number"] };
const healthRequest: FieldNumbers = { service: [1, "text"] };

export const requestFields = { outputs: outputsRequest, legacy: legacyRequest, health: healthRequest };

export function encodeRequest(numbers: FieldNumbers, request: Record<string, unknown>): Buffer {
  return Buffer.concat(
    Object.entries(request).flatMap(([name, values]) => {
      const field = numbers[name];
      if (field === undefined) throw new Error(`the contract's request has no field ${name}`);
      return [values].flat().map((value) => encodeField(field, value));
    }),
  );
}

function encodeField([number, kind]: readonly [number, FieldKind], value: unknown): Buffer {
  // Numbers of 64 bits come as text.
  if (kind === "number") return writeVarint(number, BigInt(value as string | number | boolean));
  if (kind === "text") return writeText(number, value as string);
  if (kind === "time") return writeBytes(number, encodeTime(value as string));
  return writeBytes(number, encodeRequest(kind, value as Record<string, unknown>));
}

/** A falco.outputs.response; `legacy` reads as far as a falco.output.response goes. */
export function decodeAlert(message: Buffer, legacy: boolean): NeutralAlert {
  const alert: NeutralAlert = {
    priority: 0,
    source_deprecated: 0,
    rule: "",
    output: "",
    output_fields: {},
    hostname: "",
    tags: [],
    source: "",
  };
  for (const { number, varint, bytes } of readFields(message)) {
    if (number === 1) alert.time = decodeTime(bytes);
    else if (number === 2) alert.priority = Number(readInt(varint));
    else if (number === 3) alert.source_deprecated = Number(readInt(varint));
    else if (number === 4) alert.rule = readText(bytes);
    else if (number === 5) alert.output = readText(bytes);
    else if (number === 6) setEntry(alert.output_fields, bytes);
    else if (number === 7) alert.hostname = readText(bytes);
    else if (legacy) continue;
    else if (number === 8) alert.tags.push(readText(bytes));
    else if (number === 9) alert.source = readText(bytes);
    else if (number === 10) alert.sequence = String(varint);
  }
  return alert;
}

function decodeTime(message: Buffer): string {
  let seconds = 0n;
  let nanos = 0n;
  for (const { number, varint } of readFields(message)) {
    if (number === 1) seconds = readInt(varint);
    else if (number === 2) nanos = readInt(varint);
  }
  return neutralTime(seconds, Number(nanos));
}

function setEntry(fields: Record<string, string>, message: Buffer): void {
  let name = "";
  let value = "";
  for (const { number, bytes } of readFields(message)) {
    if (number === 1) name = readText(bytes);
    else if (number === 2) value = readText(bytes);
  }
  // "__proto__" is a name like any other.
  Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Fields 1 to 11 of a falco.version.response. */
const versionNames = [
  "version",
  "major",
  "minor",
  "patch",
  "prerelease",
  "build",
  "engine_minor",
  "engine_fields_checksum",
  "engine_major",
  "engine_patch",
  "engine_version",
];
const versionTexts = new Set(["version", "prerelease", "build", "engine_fields_checksum", "engine_version"]);

export function decodeVersion(message: Buffer): Record<string, string | number> {
  const version: Record<string, string | number> = Object.fromEntries(
    versionNames.map((name) => [name, versionTexts.has(name) ? "" : 0]),
  );
  for (const { number, varint, bytes } of readFields(message)) {
    const name = versionNames[number - 1];
    if (name !== undefined) version[name] = versionTexts.has(name) ? readText(bytes) : Number(varint);
  }
  return version;
}

const servingStatus = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

export function decodeHealth(message: Buffer): string {
  let status = 0;
  for (const { number, varint } of readFields(message)) if (number === 1) status = Number(varint);
  return servingStatus[status] ?? String(status);
}
