import type { Call, ExpectedAlert, Feature } from "./case.js";
import { differences } from "./differences.js";
import { alertDifferences } from "./expected-alert.js";
import { falcoJson } from "./expected-json.js";
import { fixtureAlerts } from "./fixture-alerts.js";
import { numberedAlert, range } from "./numbered.js";
import type { CallResult, NeutralAlert } from "./protocol.js";
import { statusNames } from "./status.js";

const streaming = new Set(["sub", "get", "subscribe"]);
const versionHeader = "falco-outputs-version";
const positionHeader = "falco-outputs-position";

/**
 * Where a call's result differs from what is expected.
 * @param published The sequence numbers that the server gave so far; undefined where it did not say.
 */
export function check(
  call: Call,
  result: CallResult,
  features: ReadonlySet<Feature>,
  published: readonly (string | undefined)[],
): string[] {
  const { expect, method } = call;
  const { status, alerts, headers, ...rest } = result;
  const position = headers?.[positionHeader];
  return [
    ...differences(expect.status, statusNames[status.code] ?? status.code, "status"),
    ...(expect.message === "any" ? [] : differences(expect.message ?? "", status.message, "status.message")),
    ...differences(
      { ...(expect.version && { version: expect.version }), ...(expect.health && { health: expect.health }) },
      rest,
      "result",
    ),
    ...(features.has("headers")
      ? headerDifferences(call, headers)
      : differences(undefined, headers, "headers")),
    ...(streaming.has(method) || method === "read_alert"
      ? alertsDifferences(expectedAlerts(call), alerts ?? [], features)
      : differences(undefined, alerts, "alerts")),
    ...sequenceDifferences(method === "sub" || method === "get", alerts ?? [], position, published),
  ];
}

/** What a case expects in short, alert by alert. */
function expectedAlerts({ method, expect }: Call): ExpectedAlert[] {
  const alerts = (expect.alerts ?? []).flatMap((part) => {
    if ("numbered" in part) return range(part.numbered).map(numberedAlert);
    if ("fixture" in part) return fixtureAlerts(part.fixture).filter((alert) => alert !== "rejected");
    return [part];
  });
  // The oldest service has neither.
  return method === "subscribe" ? alerts.map(({ tags, source, ...alert }) => alert) : alerts;
}

function alertsDifferences(
  expected: ExpectedAlert[],
  seen: NeutralAlert[],
  features: ReadonlySet<Feature>,
): string[] {
  if (expected.length !== seen.length) {
    const rules = seen.map((alert) => alert.rule || alert.output).join(" | ");
    return [`alerts: expected ${expected.length}, saw ${seen.length}: ${rules || "-"}`];
  }
  return seen.flatMap((alert, index) => [
    ...alertDifferences(expected[index]!, alert, `alerts[${index}]`),
    ...jsonDifferences(alert, features.has("json"), `alerts[${index}].json`),
  ]);
}

// Against the alert as it was seen, which is itself compared with what was expected.
function jsonDifferences(alert: NeutralAlert, makesJson: boolean, where: string): string[] {
  if (!makesJson || alert.json === undefined) {
    return differences(makesJson ? "Falco's JSON" : undefined, alert.json, where);
  }
  if (alert.json.includes("\n")) return [`${where}: expected one line, saw several`];
  return differences(falcoJson(alert), JSON.parse(alert.json), where);
}

function headerDifferences({ expect, method }: Call, headers: Record<string, string> = {}): string[] {
  const { answered = true } = expect;
  if (answered === "maybe") return [];
  const { [positionHeader]: position, ...rest } = headers;
  const hasPosition =
    answered && streaming.has(method) && (expect.alerts !== undefined || expect.status === "OK");
  return [
    ...differences(answered ? { [versionHeader]: "1" } : {}, rest, "headers"),
    ...(hasPosition && position === undefined ? [`headers.${positionHeader}: expected, saw nothing`] : []),
    ...(!hasPosition && !streaming.has(method) ? differences(undefined, position, positionHeader) : []),
  ];
}

/** The only subscriber gets one sequence number after the other, the first one behind the position. */
function sequenceDifferences(
  hasSequence: boolean,
  alerts: readonly NeutralAlert[],
  position: string | undefined,
  published: readonly (string | undefined)[],
): string[] {
  const seen = alerts.map((alert) => alert.sequence);
  const [first] = seen;
  if (!hasSequence || first === undefined)
    return differences(
      alerts.map(() => undefined),
      seen,
      "sequence",
    );
  const expected = alerts.map((_, index) => String(BigInt(first) + BigInt(index)));
  return [
    ...differences(expected, seen, "sequence"),
    ...(position === undefined ? [] : differences(String(BigInt(position) + 1n), first, "first sequence")),
    ...(published.includes(undefined) || published.includes(first)
      ? []
      : [`sequence: expected one of ${published[0]} to ${published.at(-1)}, saw ${first}`]),
  ];
}
