import type { Alert, Loss, StreamStatus } from "@falco-outputs/node";
import { type NeutralAlert, type NeutralStatus, neutralTime } from "../../protocol.js";

export function neutralAlert(alert: Alert, json: string): NeutralAlert {
  return {
    ...(alert.time && { time: neutralTime(alert.time.seconds, alert.time.nanos) }),
    priority: alert.priority,
    source_deprecated: alert.sourceDeprecated,
    rule: alert.rule,
    output: alert.output,
    output_fields: alert.outputFields,
    hostname: alert.hostname,
    tags: alert.tags,
    source: alert.source,
    ...(alert.sequence !== 0n && { sequence: String(alert.sequence) }),
    json,
  };
}

/** @param alerts How many were reported before. */
export function neutralStatus(status: StreamStatus, alerts: number): NeutralStatus {
  const { type } = status;
  return {
    type,
    alerts,
    ...(type === "lost" && { loss: neutralLoss(status.loss) }),
    ...(type === "disconnected" && status.lastHeardAt && { last_heard: true }),
  };
}

function neutralLoss({ causeText, lost, firstSequence, lastSequence }: Loss): Record<string, string> {
  return {
    cause: causeText,
    ...(lost !== undefined && { lost: String(lost) }),
    ...(firstSequence !== undefined && { first_sequence: String(firstSequence) }),
    ...(lastSequence !== undefined && { last_sequence: String(lastSequence) }),
  };
}
