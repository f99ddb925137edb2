import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

const replacing = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** A message whose fields are text, or messages of text. */
interface Shape {
  readonly [field: number]: "text" | Shape;
}

const alertShape: Shape = {
  4: "text",
  5: "text",
  6: { 1: "text", 2: "text" },
  7: "text",
  8: "text",
  9: "text",
};

/**
 * The same `falco.outputs.response`, in which what is not UTF-8 is replaced by U+FFFD, as browsers do it.
 * @returns Undefined if there is nothing to replace, or the bytes are not a message.
 */
export function withUtf8(message: Uint8Array): Uint8Array | undefined {
  try {
    return replaced(message, alertShape);
  } catch {
    return undefined;
  }
}

function replaced(message: Uint8Array, shape: Shape): Uint8Array | undefined {
  const reader = new BinaryReader(message);
  const writer = new BinaryWriter();
  let isChanged = false;
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const [number, type] = reader.tag();
    const value = shape[number];
    if (value === undefined || type !== WireType.LengthDelimited) {
      reader.skip(type, number);
      writer.raw(message.subarray(from, reader.pos));
      continue;
    }
    const bytes = reader.bytes();
    const changed = value === "text" ? replacedText(bytes) : replaced(bytes, value);
    isChanged ||= changed !== undefined;
    writer.tag(number, type).bytes(changed ?? bytes);
  }
  return isChanged ? writer.finish() : undefined;
}

function replacedText(bytes: Uint8Array): Uint8Array | undefined {
  try {
    strict.decode(bytes);
    return undefined;
  } catch {
    return new TextEncoder().encode(replacing.decode(bytes));
  }
}
