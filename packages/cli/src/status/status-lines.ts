import { FalcoLivenessState, type GetStatusResponse } from "@falco-outputs/core/contract";
import { printable } from "@falco-outputs/core/printable";
import { groupLines } from "../groups/group-lines.js";
import { aligned } from "../print/aligned.js";
import { timestampText } from "../print/time-text.js";

/** A server's status, for people. */
export function statusLines(address: string, status: GetStatusResponse): string[] {
  const facts: [string, string][] = [
    ["address", address],
    ["version", status.version],
    ["started", timestampText(status.startedAt, "rfc3339")],
    ["falco", falcoText(status)],
    ["serves", status.addresses.join(", ") || "nowhere"],
    ["http input", status.httpUrls.join(", ") || "off"],
    ["retained", retainedText(status.log)],
    ["streams", streamsText(status.streams)],
  ];
  return [
    ...facts.map(([name, text]) => `${`${name}:`.padEnd(12)}${printable(text)}`),
    "",
    ...groupLines(status.groups),
    "",
    ...aligned(
      ["INPUT", "ACCEPTED", "REJECTED"],
      status.inputs.map(({ name, accepted, rejected }) => [name, accepted, rejected]),
    ),
    "",
    ...aligned(
      ["OUTPUT", "WRITTEN", "FAILED", "DROPPED", "WAITING"],
      status.outputs.map(({ name, written, failed, dropped, waiting }) => [
        name,
        written,
        failed,
        dropped,
        waiting,
      ]),
    ),
  ];
}

const livenessTexts: Readonly<Record<FalcoLivenessState, string>> = {
  [FalcoLivenessState.UNSPECIFIED]: "not heard from yet",
  [FalcoLivenessState.ALIVE]: "alive",
  [FalcoLivenessState.SILENT]: "silent",
};

function falcoText({ falcoVersion, falcoLiveness }: GetStatusResponse): string {
  const version = falcoVersion || "version not known";
  if (falcoLiveness === undefined) return falcoVersion || "not known";
  const { state, since, reason } = falcoLiveness;
  // A newer server may know another state.
  return `${version}, ${livenessTexts[state] ?? "in an unknown state"} since ${timestampText(since, "rfc3339")} (${reason})`;
}

function retainedText(log: GetStatusResponse["log"]): string {
  const { retained = 0n, appended = 0n, retainedBytes = 0n, firstSequence, lastSequence } = log ?? {};
  const counts = `${retained} of ${appended} alerts, ${mebibytes(retainedBytes)} MiB`;
  if (retained === 0n) return counts;
  const [from, to] = [log?.earliest, log?.latest].map((time) => timestampText(time, "rfc3339milli"));
  return `${counts}, numbers ${firstSequence} to ${lastSequence}, from ${from} to ${to}`;
}

function mebibytes(bytes: bigint): string {
  return (Number(bytes) / 1024 / 1024).toFixed(1);
}

function streamsText(streams: GetStatusResponse["streams"]): string {
  const { shared = 0, group = 0, broadcast = 0 } = streams ?? {};
  return `${broadcast} broadcast, ${group} of groups, ${shared} of the shared queue`;
}
