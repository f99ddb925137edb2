import { type AlertBatch, joinPieces, type Pieces, pieceAt } from "./alert-batch.js";
import type { Matcher } from "./log/filter/matcher.js";

/** The alerts that pass; the batch itself if all do. */
export function selectAlerts(batch: AlertBatch, passes: Matcher): AlertBatch {
  const kept: number[] = [];
  let start = 0;
  for (const [index, end] of batch.ends.entries()) {
    if (passes(batch.bytes, start, end)) kept.push(index);
    start = end;
  }
  if (kept.length === batch.ends.length) return batch;
  const pick = (pieces: Pieces) => joinPieces(kept.map((index) => pieceAt(pieces, index)));
  return {
    ...pick(batch),
    ...(batch.times && { times: kept.map((index) => batch.times![index]!) }),
    ...(batch.lines && { lines: pick(batch.lines) }),
  };
}
