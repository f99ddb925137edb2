import { printable, printableJson } from "@falco-outputs/core/printable";
import { type Finding, inspectLog, type LogInspection } from "@falco-outputs/server";
import { aligned } from "../print/aligned.js";
import { say } from "../print/line-writer.js";

/**
 * Prints what is in a log on a disk.
 * @param verifies Whether all of it is read, and damage is a failure.
 * @throws LogDirectoryError; Error if it verifies, and something is damaged.
 */
export async function inspect(directory: string, verifies: boolean, isJson: boolean): Promise<void> {
  const inspection = await inspectLog(directory, verifies);
  await say(isJson ? json(directory, inspection) : lines(directory, inspection, verifies).join("\n"));
  if (verifies && isDamaged(inspection)) throw new Error(`${directory}: a part of the log is damaged`);
}

/** A write that was not completed is none: a server cuts it off, and nobody was told that its alerts are safe. */
function isDamaged({ findings, damagedGroups }: LogInspection): boolean {
  return damagedGroups > 0 || findings.some(({ kind }) => kind !== "cut");
}

function json(directory: string, inspection: LogInspection): string {
  const { groups, segments, earliestUs, latestUs, ...rest } = inspection;
  return printableJson(
    JSON.stringify({
      directory,
      ...rest,
      earliest: timeOf(earliestUs),
      latest: timeOf(latestUs),
      segments,
      groups: [...groups].map(([name, { position, unacknowledged }]) => ({ name, position, unacknowledged })),
    }),
  );
}

function lines(directory: string, inspection: LogInspection, verifies: boolean): string[] {
  const { id, user, segments, earliestUs, latestUs, findings, groups, damagedGroups } = inspection;
  const alerts = segments.reduce((sum, segment) => sum + segment.alerts, 0);
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const isEmpty = alerts === 0;
  const facts: [string, string][] = [
    ["directory", directory],
    ["log", id],
    ["in use", user === undefined ? "no" : `by ${user}`],
    ["files", `${segments.length}, ${(bytes / 1024 / 1024).toFixed(1)} MiB`],
    ["alerts", isEmpty ? "none" : `${alerts}, from ${timeOf(earliestUs)} to ${timeOf(latestUs)}`],
    ["numbers", isEmpty ? "none" : `${segments.find((one) => one.alerts > 0)!.first} to ${lastOf(segments)}`],
    ...(verifies ? [["damage", damageText(findings, damagedGroups)] as [string, string]] : []),
  ];
  return [
    ...facts.map(([name, text]) => `${`${name}:`.padEnd(11)}${printable(text)}`),
    ...findings.map((finding) => printable(findingText(finding))),
    ...(groups.size === 0 ? [] : ["", ...groupLines(inspection)]),
  ];
}

function groupLines({ groups }: LogInspection): string[] {
  const rows = [...groups].map(([name, { position, unacknowledged }]) => [
    name === "" ? "(shared queue)" : name,
    position,
    unacknowledged.reduce((sum, [first, last]) => sum + last - first + 1, 0),
  ]);
  return aligned(["GROUP", "NEXT", "UNACKNOWLEDGED"], rows);
}

function lastOf(segments: LogInspection["segments"]): number {
  return Math.max(...segments.map(({ last }) => last));
}

function damageText(findings: readonly Finding[], damagedGroups: number): string {
  const count = findings.length + damagedGroups;
  if (count === 0) return "none";
  return `${findings.length} in files${damagedGroups === 0 ? "" : `, ${damagedGroups} in the places of groups`}`;
}

const kinds: Readonly<Record<Finding["kind"], string>> = {
  cut: "a write that was not completed",
  damage: "damaged",
  header: "a damaged header",
};

function findingText({ file, kind, offset, bytes, alerts }: Finding): string {
  const lost = alerts === undefined ? "an unknown number of alerts" : `${alerts} alerts`;
  return `${file}: ${kinds[kind]}, ${bytes} bytes from ${offset}: ${kind === "header" ? "its alerts can be read" : `${lost} lost`}`;
}

function timeOf(timeUs: number | undefined): string | undefined {
  const time = timeUs === undefined ? undefined : new Date(timeUs / 1000);
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
