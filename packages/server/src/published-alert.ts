import type { AlertInit } from "@falco-outputs/core";
import { acceptEncoded, contentOf, encodeContent, encodeLine } from "@falco-outputs/core/codec";
import { type AlertBatch, joinPieces } from "./alert-batch.js";

/**
 * An alert that a program hands over, as a batch of one.
 * @throws FalcoError with InvalidArgument for what is not an alert.
 */
export function toBatch(alert: AlertInit | string | Uint8Array): AlertBatch {
  if (alert instanceof Uint8Array) return joinPieces([acceptEncoded(alert)]);
  if (typeof alert !== "string") return joinPieces([encodeContent(contentOf(alert))]);
  const encoded = joinPieces([encodeLine(alert)]);
  const line = onOneLine(alert);
  return line === undefined ? encoded : { ...encoded, lines: joinPieces([Buffer.from(line)]) };
}

/** The line for outputs, which write one line an alert; undefined for a text on several, which is written anew. */
function onOneLine(alert: string): string | undefined {
  const text = alert.replace(/[\r\n]+$/, "");
  if (!/[\r\n]/.test(text)) return text;
  // In JSON a line break is white space, wherever it stands.
  return text.trimStart().startsWith("{") ? text.trim().replace(/[\r\n]+/g, " ") : undefined;
}
