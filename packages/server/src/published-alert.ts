import type { AlertInit } from "@falco-outputs/core";
import { acceptEncoded, contentOf, encodeContent, encodeLine } from "@falco-outputs/core/codec";
import { type AlertBatch, joinPieces } from "./alert-batch.js";
import { onOneLine } from "./inputs/one-line.js";

/**
 * What `publish` takes, on its way to the router.
 * @throws FalcoError with InvalidArgument for what is not an alert.
 */
export function toBatch(alert: AlertInit | string | Uint8Array): AlertBatch {
  if (alert instanceof Uint8Array) return joinPieces([acceptEncoded(alert)]);
  if (typeof alert !== "string") return joinPieces([encodeContent(contentOf(alert))]);
  const line = Buffer.from(alert.replace(/[\r\n]+$/, ""));
  return { ...joinPieces([encodeLine(alert)]), lines: joinPieces([onOneLine(line, 0, line.length)]) };
}
