import type { Alert } from "@falco-outputs/core";
import { AlertDecoder } from "@falco-outputs/core/codec";

const decoder = new AlertDecoder({
  latin1: (bytes, start, end) => bytesOf(bytes, start, end).toString("latin1"),
  utf8: (bytes, start, end) => bytesOf(bytes, start, end).toString("utf8"),
});

/** The alert that some bytes encode. */
export function decode(alert: Uint8Array): Alert {
  return decoder.decode(alert, 0, alert.length);
}

function bytesOf(bytes: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}
