import type { Call, ExpectedAlert, ExpectedAlerts, Feature } from "./case.js";
import { sequenceDifferences } from "./check-sequences.js";
import { statusDifferences } from "./check-statuses.js";
import { differences } from "./differences.js";
import { alertDifferences } from "./expected-alert.js";
import { falcoJson } from "./expected-json.js";
import { lossAlert } from "./expected-loss.js";
import { fixtureAlerts } from "./fixture-alerts.js";
import { numberedAlert, range } from "./numbered.js";
import type { CallResult, NeutralAlert } from "./protocol.js";
import type { Published } from "./published.js";
import { statusNames } from "./status.js";
import { visibleFields, visibleVersion } from "./visible-fields.js";
import type { Wanted } from "./wanted.js";

const streaming = new Set(["sub", "get", "subscribe"]);
const versionHeader = "falco-outputs-version";
const positionHeader = "falco-outputs-position";
const windowHeader = "falco-outputs-window";
const heartbeatHeader = "falco-outputs-heartbeat-ms";
/** The server's default, in milliseconds. */
const heartbeatMs = "15000";
/** How many responses the server sends before it waits for an acknowledgement. */
const ackWindow = "4096";

/** Where a call's result differs from what is expected. */
export function check(
  call: Call,
  result: CallResult,
  features: ReadonlySet<Feature>,
  published: Published,
): string[] {
  const { expect, method } = call;
  const { status, alerts: all, headers, statuses, ...rest } = result;
  const version = expectedVersion(expect.version, features, result);
  // What calls share is looked at together.
  const alerts = typeof expect.alerts === "string" ? [] : (all ?? []);
  const wanted =
    typeof expect.alerts === "string"
      ? []
      : wantedAlerts(expect.alerts ?? [], method === "subscribe", published);
  return [
    ...differences(expect.status, statusNames[status.code] ?? status.code, "status"),
    ...messageDifferences(expect.message ?? "", status.message, features),
    ...differences(
      { ...(version && { version }), ...(expect.health && { health: expect.health }) },
      rest,
      "result",
    ),
    ...(features.has("headers")
      ? headerDifferences(call, headers)
      : differences(undefined, headers, "headers")),
    ...(streaming.has(method) || method === "read_alert"
      ? alertsDifferences(wanted, alerts, features)
      : differences(undefined, all, "alerts")),
    ...(features.has("sequence")
      ? sequenceDifferences(call, wanted, alerts, headers?.[positionHeader], published)
      : noSequences(alerts)),
    ...statusDifferences(call, wanted, features.has("statuses"), statuses),
  ];
}

/** The name of an option, or several: a client that refuses its caller's options has names of its own for them. */
const optionNames = /^[a-z_.0-9, [\]]+: /;

function messageDifferences(expected: string, seen: string, features: ReadonlySet<Feature>): string[] {
  if (expected === "any") return [];
  const isClients = features.has("options") && !features.has("requests") && optionNames.test(expected);
  return isClients
    ? differences(withoutNames(expected), withoutNames(seen), "status.message after the option's name")
    : differences(expected, seen, "status.message");
}

function withoutNames(message: string): string {
  return message.slice(message.indexOf(": ") + 2);
}

/** What an older contract says of it. */
function expectedVersion(
  version: Call["expect"]["version"],
  features: ReadonlySet<Feature>,
  result: CallResult,
): Call["expect"]["version"] {
  if (version === undefined) return version;
  if (!features.has("every_field")) return visibleVersion(version, result);
  if (features.has("engine_version")) return version;
  const { engine_version, engine_major, engine_patch, ...older } = version;
  return older;
}

function noSequences(alerts: readonly NeutralAlert[]): string[] {
  return differences(
    alerts.map(() => undefined),
    alerts.map(({ sequence }) => sequence),
    "sequence",
  );
}

/** What a case expects in short, alert by alert. */
export function wantedAlerts(
  expected: readonly ExpectedAlerts[],
  oldest: boolean,
  published: Published,
): Wanted[] {
  const wanted = expected.flatMap((part): Wanted[] => {
    if ("loss" in part) {
      return [{ alert: lossAlert(part.loss, published), sequence: undefined, isLoss: true }];
    }
    if ("numbered" in part) {
      return range(part.numbered).map((number) => ({
        alert: numberedAlert(number),
        sequence: published.ofNumber(number),
        isLoss: false,
      }));
    }
    const alerts =
      "fixture" in part ? fixtureAlerts(part.fixture).filter((alert) => alert !== "rejected") : [part];
    return alerts.map(({ fed, ...alert }) => ({
      alert,
      sequence: fed === undefined ? undefined : published.of(fed),
      isLoss: false,
    }));
  });
  if (!oldest) return wanted;
  // The oldest service has neither.
  return wanted.map(({ alert: { tags, source, ...alert }, ...rest }) => ({ alert, ...rest }));
}

export function alertsDifferences(
  expected: readonly Wanted[],
  seen: NeutralAlert[],
  features: ReadonlySet<Feature>,
): string[] {
  if (expected.length !== seen.length) {
    const rules = seen.map((alert) => alert.rule || alert.output).join(" | ");
    return [`alerts: expected ${expected.length}, saw ${seen.length}: ${rules || "-"}`];
  }
  const showsAll = features.has("every_field");
  return seen.flatMap((alert, index) => [
    ...shownDifferences(expected[index]!.alert, alert, showsAll, `alerts[${index}]`),
    ...jsonDifferences(alert, features.has("json"), `alerts[${index}].json`),
  ]);
}

function shownDifferences(
  expected: ExpectedAlert,
  seen: NeutralAlert,
  showsAll: boolean,
  where: string,
): string[] {
  if (showsAll) return alertDifferences(expected, seen, where);
  // To the nanosecond, which a float is not.
  const isTimed = expected.time_of_day === undefined && expected.time !== "now";
  return alertDifferences(visibleFields(expected, isTimed), visibleFields(seen, isTimed), where);
}

// Against the alert as it was seen, which is itself compared with what was expected.
function jsonDifferences(alert: NeutralAlert, makesJson: boolean, where: string): string[] {
  if (!makesJson || alert.json === undefined) {
    return differences(makesJson ? "Falco's JSON" : undefined, alert.json, where);
  }
  if (alert.json.includes("\n")) return [`${where}: expected one line, saw several`];
  return differences(falcoJson(alert), JSON.parse(alert.json), where);
}

function headerDifferences(call: Call, headers: Record<string, string> = {}): string[] {
  const { expect, method } = call;
  const { answered = true } = expect;
  if (answered === "maybe") return [];
  const {
    [positionHeader]: position,
    [windowHeader]: window,
    [heartbeatHeader]: heartbeat,
    ...rest
  } = headers;
  // A stream that was refused has none.
  const hasStream =
    answered && streaming.has(method) && (expect.alerts !== undefined || expect.status === "OK");
  const expectedWindow = acknowledges(call) ? ackWindow : "0";
  return [
    ...differences(answered ? { [versionHeader]: "1" } : {}, rest, "headers"),
    ...differences(hasStream ? expectedWindow : undefined, window, `headers.${windowHeader}`),
    // Only who says to be a client of ours is told.
    ...differences(
      hasStream && call.headers?.[versionHeader] !== undefined ? heartbeatMs : undefined,
      heartbeat,
      `headers.${heartbeatHeader}`,
    ),
    ...(hasStream && position === undefined ? [`headers.${positionHeader}: expected, saw nothing`] : []),
    ...(hasStream ? [] : differences(undefined, position, `headers.${positionHeader}`)),
  ];
}

function acknowledges({ request, requests = [] }: Call): boolean {
  const first = requests.find((step) => "send" in step);
  return (first?.send ?? request)?.acknowledged !== undefined;
}
