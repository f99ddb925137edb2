import type { FalcoLiveness, Logger } from "@falco-outputs/server";
import { HealthCheck } from "./health-check.js";
import { Recurring, type Sign, type Told } from "./sign.js";

/** By what Falco shows that it is alive. Several: it is silent if one of them says so. */
export interface LivenessOptions {
  /** Its web server, which answers `/healthz`. */
  url?: string;
  /** Its `metrics.interval`, in milliseconds: it writes a snapshot so often. */
  metricsIntervalMs?: number;
  /** How often any alert comes, in milliseconds. */
  expectEveryMs?: number;
  /** Whether its silence is an alert. Default: no. */
  alert?: boolean;
}

/** What is watched. */
export interface Watched {
  /** How many of Falco's metrics snapshots have come. */
  snapshots(): number;
  /** How many alerts inputs have taken. */
  accepted(): number;
}

/** A snapshot may come late by half an interval. */
const lateness = 1.5;
const reminderMs = 3_600_000;
const maxLookMs = 1_000;

/** Watches whether Falco is alive, and logs when that changes; silence once an hour. */
export class FalcoWatch {
  readonly #signs: readonly Sign[];
  readonly #logger: Logger;
  readonly #onSilent: (reason: string) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #liveness: FalcoLiveness = { state: "unknown", reason: "not looked yet", since: new Date() };
  #loggedAtMs = 0;

  constructor(
    options: LivenessOptions,
    watched: Watched,
    logger: Logger,
    onSilent: (reason: string) => void,
  ) {
    this.#signs = signsOf(options, watched);
    this.#logger = logger;
    this.#onSilent = onSilent;
    const intervals = [options.metricsIntervalMs, options.expectEveryMs].filter((ms) => ms !== undefined);
    const lookMs = Math.min(maxLookMs, ...intervals.map((ms) => Math.ceil(ms / 4)));
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
    this.#look();
  }

  get liveness(): FalcoLiveness {
    return this.#liveness;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const sign of this.#signs) sign.close?.();
  }

  #look(): void {
    const nowMs = performance.now();
    const { state, reason } = together(this.#signs.map((sign) => sign.look(nowMs)));
    const before = this.#liveness;
    const isNew = state !== before.state;
    this.#liveness = { state, reason, since: isNew ? new Date() : before.since };
    if (state === "silent" && (isNew || nowMs - this.#loggedAtMs >= reminderMs)) {
      this.#loggedAtMs = nowMs;
      this.#logger.warn({ reason, since: this.#liveness.since }, "Falco is silent");
      if (isNew) this.#onSilent(reason);
    } else if (isNew && state === "alive") {
      this.#logger.info({ reason }, "Falco is alive");
    }
  }
}

function signsOf({ url, metricsIntervalMs, expectEveryMs }: LivenessOptions, watched: Watched): Sign[] {
  return [
    ...(url === undefined ? [] : [new HealthCheck(url)]),
    ...(metricsIntervalMs === undefined
      ? []
      : [new Recurring("metrics snapshot", metricsIntervalMs * lateness, watched.snapshots)]),
    ...(expectEveryMs === undefined ? [] : [new Recurring("alert", expectEveryMs, watched.accepted)]),
  ];
}

function together(told: readonly Told[]): Told {
  const state =
    (["silent", "alive"] as const).find((one) => told.some((sign) => sign.state === one)) ?? "unknown";
  const reasons = told.filter((sign) => sign.state === state).map(({ reason }) => reason);
  return { state, reason: reasons.join("; ") };
}
