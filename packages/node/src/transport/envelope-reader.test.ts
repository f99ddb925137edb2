import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnvelopeReader } from "./envelope-reader.js";

const maxBytes = 1_000;

function envelope(message: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.from([flags, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The messages in some chunks, copied, for they are the reader's. */
function reading() {
  const messages: Buffer[] = [];
  const reader = new EnvelopeReader(maxBytes, (bytes, start, end) =>
    messages.push(Buffer.from(bytes.subarray(start, end))),
  );
  return { reader, messages };
}

describe("EnvelopeReader", () => {
  it("finds the messages wherever the chunks are cut", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(messages, fc.array(fc.nat({ max: 400 })), (sent, cuts) => {
        const { reader, messages } = reading();
        let rest: Buffer = Buffer.concat(sent.map((message) => envelope(message)));
        for (const cut of cuts) {
          reader.read(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        reader.read(rest);
        reader.end();
        expect(messages).toEqual(sent.map((message) => Buffer.from(message)));
      }),
    );
  });

  it("finds them a byte at a time", () => {
    const { reader, messages } = reading();
    const sent = [Buffer.alloc(0), Buffer.from("a"), Buffer.alloc(maxBytes, "b")];
    for (const byte of Buffer.concat(sent.map((message) => envelope(message))))
      reader.read(Buffer.from([byte]));
    expect(messages).toEqual(sent);
  });

  it.each([
    ["a prefix", envelope(Buffer.from("message")).subarray(0, 3)],
    ["a message", envelope(Buffer.from("message")).subarray(0, -1)],
    ["a message that did not begin", envelope(Buffer.from("message")).subarray(0, 5)],
  ])("tells of an end within %s", (_, last) => {
    const { reader, messages } = reading();
    reader.read(Buffer.concat([envelope(Buffer.from("whole")), last]));
    expect(messages).toHaveLength(1);
    expect(() => reader.end()).toThrow(
      expect.objectContaining({
        code: Code.InvalidArgument,
        rawMessage: "protocol error: incomplete envelope",
      }),
    );
  });

  it.each([
    ["too large a message", Buffer.from([0, 0, 0, 3, 233]), Code.ResourceExhausted],
    ["a message of 4 GiB", Buffer.from([0, 255, 255, 255, 255]), Code.ResourceExhausted],
    ["a compressed one", envelope(Buffer.from("x"), 1), Code.Internal],
  ])("refuses %s, behind a good one, wherever the chunks are cut", (_, bad, code) => {
    for (let cut = 0; cut <= bad.length; cut++) {
      const { reader, messages } = reading();
      const good = envelope(Buffer.from("good"));
      expect(() => {
        reader.read(Buffer.concat([good, bad.subarray(0, cut)]));
        reader.read(bad.subarray(cut));
      }).toThrow(expect.objectContaining({ code }));
      expect(messages).toEqual([Buffer.from("good")]);
    }
  });
});
