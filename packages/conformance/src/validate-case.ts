import { awayAnswers, type Case, callsOf, features, identityNames, stepsOf } from "./case.js";
import { clients } from "./clients.js";
import { methods, statusTypes } from "./protocol.js";
import { statusNames } from "./status.js";

/** A misspelt word in a case would be a check that is never made. @throws Error that names the case and the word. */
export function validateCase(one: Case): void {
  const where = `${one.theme}: ${one.name}`;
  const check = (what: string, words: Iterable<string>, known: readonly string[]) => {
    for (const word of words) {
      if (!known.includes(word)) throw new Error(`${where}: ${what}: ${word}, expected ${known.join(", ")}`);
    }
  };
  const keys = (what: string, object: object | undefined, known: string) =>
    check(what, Object.keys(object ?? {}), known.split(" "));

  keys(
    "case",
    one,
    "theme name server feed calls inputs needs known_failures user_agent starts_after acknowledged",
  );
  keys("server", one.server, "peer listen tls host falco max_alerts stall_timeout_ms heartbeat_interval_ms");
  check("server.peer", one.server.peer === undefined ? [] : [one.server.peer], ["ours", "falco"]);
  check("server.tls", one.server.tls === undefined ? [] : [one.server.tls], identityNames);
  keys("inputs", one.inputs, "http lines");
  check("needs", one.needs, features);
  check(
    "known_failures",
    Object.keys(one.known_failures),
    clients.map((client) => client.name),
  );
  if (one.calls.length === 0) throw new Error(`${where}: it makes no call`);
  for (const step of stepsOf(one)) {
    keys(
      "feed",
      step,
      "line numbered batch alert encoded http stdin await_requests await_alerts await_statuses await_subscribers cancel cut restart stop exchange_certificates away there dead frozen thawed scanned heartbeats skip silence_ms message large_alert end raise until_requests",
    );
    if ("alert" in step)
      keys("feed.alert", step.alert, "time priority rule output_fields hostname tags source");
    if ("away" in step) check("feed.away", [step.away], awayAnswers);
    if ("end" in step) {
      if (step.end === "without_trailers") continue;
      keys("feed.end", step.end, "status message");
      check("feed.end.status", [step.end.status], statusNames);
    }
    if ("http" in step) keys("feed.http", step.http, "lines fixtures text hex each method headers status");
    if ("stdin" in step) keys("feed.stdin", step.stdin, "lines fixtures text hex chunk_bytes");
  }
  for (const entry of one.calls) if ("at_once" in entry) keys("calls", entry, "at_once together");
  for (const { expect, ...call } of callsOf(one)) {
    keys(
      "call",
      call,
      "method request requests headers timeout_ms cancel_after_alerts filter_locally acknowledge acknowledge_when_stopped drain_timeout_ms reconnect path text authority compression tls feed",
    );
    check("call.method", [call.method], methods);
    keys("call.tls", call.tls, "identity server_name");
    check("call.tls.identity", call.tls ? [call.tls.identity] : [], [...identityNames, "none"]);
    for (const step of call.requests ?? []) {
      keys(
        "call.requests",
        step,
        "send half_close await_headers await_alerts send_every_ms send_when_idle_ms",
      );
    }
    if (typeof expect.alerts === "string") check("expect.alerts", [expect.alerts], ["together", "any"]);
    keys("expect", expect, "status message alerts answered version health position statuses");
    check("expect.status", [expect.status], statusNames);
    check("expect.statuses", expect.statuses ?? [], statusTypes);
    for (const alert of typeof expect.alerts === "string" ? [] : (expect.alerts ?? [])) {
      keys(
        "expect.alerts",
        alert,
        "numbered fixture loss fed time time_of_day priority source_deprecated rule output output_fields hostname tags source",
      );
    }
  }
}
