import type { ListenerState, ServerStats } from "@falco-outputs/server";
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from "prom-client";
import type { EventSeries } from "./events/event-series.js";
import { eventLabels } from "./events/labels.js";
import { waitingByGroup } from "./group-waiting.js";
import { Redelivered } from "./redelivered.js";

/** What the metrics are about. */
export interface Measured {
  /** Undefined until the server runs. */
  stats(): ServerStats | undefined;
  readonly version: string;
  /** When the last alert came, in milliseconds since 1970; undefined if none has. */
  lastAlertAt(): number | undefined;
  /** 1 if Falco is alive, 0 if it is silent; undefined if that is not known. */
  falcoUp(): 1 | 0 | undefined;
  /** The listener of the metrics themselves, too. */
  listeners(): readonly ListenerState[];
}

/** A value with its labels. */
type Sample<Label extends string> = readonly [labels: Record<Label, string>, value: number];

/** Gauges of prom-client that look like counters, by their names. */
const misnamed = [
  "nodejs_active_resources_total",
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
];
const prefix = "falco_outputs_";

/** Everything that is measured, for `/metrics`. */
export function createMetrics(measured: Measured, events: EventSeries): Registry {
  const registry = new Registry();
  const redelivered = new Redelivered();
  const ours = new Ours(registry, measured);
  registry.registerMetric(new EventsCounter(events));
  ours.counter(
    "inputs_total",
    "Alerts that an input took (accepted), and what was not an alert (rejected).",
    ["input", "status"],
    (stats) =>
      Object.entries(stats.inputs).flatMap(([input, { accepted, rejected }]) => [
        [{ input, status: "accepted" }, accepted],
        [{ input, status: "rejected" }, rejected],
      ]),
  );
  ours.counter(
    "outputs_total",
    "Alerts that an output has written, has given up after errors (failed), or did not take because its queue was full (dropped).",
    ["output", "status"],
    (stats) =>
      Object.entries(totalsOfOutputs(stats)).flatMap(([output, totals]) =>
        Object.entries(totals).map(([status, value]) => [{ output, status }, value] as const),
      ),
  );
  ours.gauge("output_waiting", "Alerts in an output's queue.", ["output"], ({ outputs }) =>
    Object.entries(outputs).flatMap(([output, { waiting }]) =>
      output === grpc ? [] : [[{ output }, waiting]],
    ),
  );
  ours.gauge("log_alerts", "Alerts that the log retains.", [], ({ retained }) => [[{}, retained]]);
  ours.gauge("log_bytes", "Memory that the retained alerts take.", [], ({ retainedBytes }) => [
    [{}, retainedBytes],
  ]);
  ours.gauge("log_first_timestamp_seconds", "The least time of a retained alert.", [], ({ earliestUs }) =>
    earliestUs === undefined ? [] : [[{}, earliestUs / 1e6]],
  );
  ours.counter(
    "lost_total",
    "Alerts that were lost: evicted from the log before the shared queue or a group had them, missed or unreadable in the log on a disk, dropped by an output whose queue was full, failed in an output.",
    ["cause"],
    (stats) => {
      const totals = Object.entries(totalsOfOutputs(stats)).filter(([output]) => output !== grpc);
      const sum = (of: "dropped" | "failed") => totals.reduce((total, [, counts]) => total + counts[of], 0);
      return [
        [{ cause: "evicted" }, stats.evicted],
        [{ cause: "missed" }, stats.disk?.missed ?? 0],
        [{ cause: "unreadable" }, stats.disk?.unreadable ?? 0],
        [{ cause: "dropped" }, sum("dropped")],
        [{ cause: "failed" }, sum("failed")],
      ];
    },
  );
  ours.gauge("streams", "Streams that receive alerts.", ["mode"], ({ streams }) => byMode(streams));
  ours.gauge(
    "group_waiting",
    "Alerts that a group has not taken yet; the shared queue is the group without a name.",
    ["group"],
    ({ groups }) => waitingByGroup(groups).map(([group, waiting]) => [{ group }, waiting]),
  );
  ours.counter(
    "delivered_total",
    "Alerts that streams were given, redeliveries among them.",
    ["mode"],
    ({ delivered }) => byMode(delivered),
  );
  ours.counter(
    "redelivered_total",
    "Alerts that were handed out again, because a member of a group left without acknowledging them.",
    [],
    ({ groups }) => [[{}, redelivered.total(groups)]],
  );
  ours.gauge("last_alert_timestamp_seconds", "When the last alert came.", [], () => {
    const atMs = measured.lastAlertAt();
    return atMs === undefined ? [] : [[{}, atMs / 1e3]];
  });
  ours.gauge("falco_up", "Whether Falco is alive (1) or silent (0).", [], () => {
    const up = measured.falcoUp();
    return up === undefined ? [] : [[{}, up]];
  });
  ours.gauge(
    "certificate_expiry_timestamp_seconds",
    "When a listener's certificate expires.",
    ["listener"],
    () =>
      measured
        .listeners()
        .flatMap(({ kind, address, certificateExpiresAt }) =>
          certificateExpiresAt === undefined
            ? []
            : [[{ listener: `${kind} ${address}` }, certificateExpiresAt.getTime() / 1e3]],
        ),
  );
  ours.gauge("build_info", "The server's version, and Node's.", ["version", "node"], () => [
    [{ version: measured.version, node: process.versions.node }, 1],
  ]);
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}

/** Those of a server's stats, with our prefix. */
class Ours {
  readonly #registry: Registry;
  readonly #measured: Measured;

  constructor(registry: Registry, measured: Measured) {
    this.#registry = registry;
    this.#measured = measured;
  }

  gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    samples: (stats: ServerStats) => readonly Sample<Label>[],
  ): void {
    const all = () => this.#samples(samples);
    new Gauge({
      name: prefix + name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        // Without labels, that leaves a 0.
        if (labelNames.length === 0) this.remove();
        for (const [labels, value] of all()) this.set(labels, value);
      },
    });
  }

  counter<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    samples: (stats: ServerStats) => readonly Sample<Label>[],
  ): void {
    const all = () => this.#samples(samples);
    new Counter({
      name: prefix + name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [labels, value] of all()) this.inc(labels, value);
      },
    });
  }

  #samples<Label extends string>(
    samples: (stats: ServerStats) => readonly Sample<Label>[],
  ): readonly Sample<Label>[] {
    const stats = this.#measured.stats();
    return stats === undefined ? [] : samples(stats);
  }
}

/** falco-exporter's counter. Its series are kept where they are counted: there may be thousands. */
class EventsCounter extends Counter {
  readonly #events: EventSeries;

  constructor(events: EventSeries) {
    super({
      name: "falco_events",
      help: "Alerts, by falco-exporter's labels.",
      labelNames: [...eventLabels],
      registers: [],
    });
    this.#events = events;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValue<string>>> {
    return { ...(await super.get()), values: [...this.#events.all] };
  }
}

const grpc = "grpc";

/** The totals of outputs since the start. That of gRPC is what streams were given, whether they are still there or not. */
function totalsOfOutputs({ outputs, delivered, evicted }: ServerStats) {
  return Object.fromEntries(
    Object.entries(outputs).map(([output, { written, failed, dropped }]) => [
      output,
      output === grpc
        ? { written: delivered.shared + delivered.group + delivered.broadcast, failed: 0, dropped: evicted }
        : { written, failed, dropped },
    ]),
  );
}

function byMode(counts: Readonly<Record<string, number>>): Sample<"mode">[] {
  return Object.entries(counts).map(([mode, count]) => [{ mode }, count]);
}
