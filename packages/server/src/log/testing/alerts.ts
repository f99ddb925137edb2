import { fromBinary } from "@bufbuild/protobuf";
import type { AlertInit } from "@falco-outputs/core";
import { contentOf, encodeContent } from "@falco-outputs/core/codec";
import { type OutputsResponse, OutputsResponseSchema } from "@falco-outputs/core/contract";
import { type AlertBatch, joinPieces } from "../../alert-batch.js";
import type { Cursor, Slice } from "../alert-log.js";

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** Alerts to append: a rule's name stands for an alert of that rule. */
export function batchOf(...alerts: readonly (string | Partial<AlertInit>)[]): AlertBatch {
  return joinPieces(
    alerts.map((alert) => {
      const init = typeof alert === "string" ? { rule: alert } : alert;
      return encodeContent(contentOf({ rule: "rule", priority: "Notice", time: 0n, ...init }));
    }),
  );
}

/** What a gRPC client makes of a slice. */
export function alertsOf({ bytes, count }: Slice): OutputsResponse[] {
  const alerts: OutputsResponse[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 0) throw new Error(`a frame with the flag ${bytes[at]}, expected 0: not compressed`);
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 1);
    alerts.push(fromBinary(OutputsResponseSchema, bytes.subarray(at + 5, at + 5 + length)));
    at += 5 + length;
  }
  if (alerts.length !== count) throw new Error(`a slice of ${alerts.length} frames that says ${count}`);
  return alerts;
}

/** All that a cursor that does not follow gives. */
export async function readAll(cursor: Cursor, maxBytes = 64 * 1024): Promise<OutputsResponse[]> {
  const alerts: OutputsResponse[] = [];
  for (;;) {
    const slice = await cursor.next(maxBytes, never);
    if (slice === undefined) return alerts;
    alerts.push(...alertsOf(slice));
  }
}

/** What an alert that tells a loss says; a loss by a restart has no count and no range. */
export interface ToldLoss {
  readonly cause: string;
  readonly lost?: number;
  readonly first?: number;
  readonly last?: number;
}

/** The loss that an alert tells; undefined if it is an alert like any other. */
export function lossOf({ sequence, rule, source, outputFields }: OutputsResponse): ToldLoss | undefined {
  if (sequence !== 0n) return undefined;
  if (rule !== "Falco Outputs internal: alerts lost" || source !== "internal") {
    throw new Error(`an alert of rule ${JSON.stringify(rule)} without a sequence number`);
  }
  const { cause = "", lost, first_sequence, last_sequence } = outputFields;
  if (lost === undefined && first_sequence === undefined && last_sequence === undefined) return { cause };
  return { cause, lost: Number(lost), first: Number(first_sequence), last: Number(last_sequence) };
}
