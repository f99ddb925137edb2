/**
 * As much of the protobuf wire format as Falco's contract needs, written here so that this testee shares nothing with
 * the code it checks. https://protobuf.dev/programming-guides/encoding/
 */

/** A field as it came: a varint, or the bytes of a length-delimited one. */
export interface Field {
  number: number;
  varint: bigint;
  bytes: Buffer;
}

export function* readFields(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new Error("a varint is cut off");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    const bytes = message.subarray(at, at + length);
    if (bytes.length < length) throw new Error("a field is cut off");
    at += length;
    return bytes;
  };
  while (at < message.length) {
    const tag = Number(varint());
    const field: Field = { number: tag >>> 3, varint: 0n, bytes: Buffer.alloc(0) };
    if ((tag & 7) === 0) field.varint = varint();
    else if ((tag & 7) === 1) field.bytes = take(8);
    else if ((tag & 7) === 2) field.bytes = take(Number(varint()));
    else if ((tag & 7) === 5) field.bytes = take(4);
    else throw new Error(`wire type ${tag & 7} of field ${field.number}`);
    yield field;
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws TypeError if it is not UTF-8, which protobuf demands. */
export function readText(bytes: Buffer): string {
  return strictUtf8.decode(bytes);
}

/** A signed 64-bit integer. */
export function readInt(varint: bigint): bigint {
  return BigInt.asIntN(64, varint);
}

export function writeVarint(number: number, value: bigint): Buffer {
  return Buffer.concat([varintBytes(BigInt(number << 3)), varintBytes(value)]);
}

export function writeText(number: number, text: string): Buffer {
  return writeBytes(number, Buffer.from(text));
}

/** A length-delimited field. */
export function writeBytes(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varintBytes(BigInt((number << 3) | 2)), varintBytes(BigInt(bytes.length)), bytes]);
}

/** RFC 3339 in UTC with nine fraction digits, as the bytes of a google.protobuf.Timestamp. */
export function encodeTime(time: string): Buffer {
  const [, seconds, nanos] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z$/.exec(time) ?? [];
  if (seconds === undefined) throw new Error(`time: ${time}, expected RFC 3339 with nine fraction digits`);
  return Buffer.concat([
    writeVarint(1, BigInt.asUintN(64, BigInt(Date.parse(`${seconds}Z`) / 1_000))),
    writeVarint(2, BigInt(nanos!)),
  ]);
}

function varintBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
