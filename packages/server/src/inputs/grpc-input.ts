import {
  type Alert,
  type AlertStream,
  type Client,
  Code,
  FalcoError,
  type StreamStatus,
} from "@falco-outputs/core";
import { backoffMs } from "@falco-outputs/core/backoff";
import { BatchEncoder } from "@falco-outputs/core/codec";
import { OptionError } from "@falco-outputs/core/options";
import { type Logger, Throttled } from "../logger.js";
import type { Intake } from "./intake.js";
import { RecentSequences } from "./recent-sequences.js";

/** Which server's alerts to bring in, and as whom. */
export interface ReadAlertsOptions {
  /** What this server is called here: its counts are those of the input `grpc:NAME`. */
  name: string;
  /** The group whose place that server keeps while this one is away. Default: "falco-outputs". */
  group?: string;
  /** Ends the reading, once what was taken is acknowledged. */
  signal?: AbortSignal;
}

const defaultGroup = "falco-outputs";
const initialDelayMs = 100;
const maxDelayMs = 30_000;
/** Twice what our servers let be unacknowledged. */
const recentCount = 8_192;

/** @throws OptionError for a name or group that cannot be one. */
export function assertReadable({ name, group }: ReadAlertsOptions): void {
  for (const [option, value] of [["name", name] as const, ["group", group ?? defaultGroup] as const]) {
    if (typeof value !== "string" || value === "") {
      throw new OptionError({ option: `readAlerts.${option}`, got: value, expected: "a name" });
    }
  }
}

/**
 * Brings the alerts of another server in: of one of ours as a member of a group, which acknowledges what the router
 * took, each alert once; of a Falco from 0.24 to 0.43 from its shared queue. It reconnects by itself when the connection
 * is lost, and resolves when `signal` or the client ends it.
 * @throws FalcoError when that server finds such a request invalid, while any other refusal may pass; what the router
 * throws, with the batch not acknowledged.
 */
export async function readAlerts(
  client: Client,
  { name, group = defaultGroup }: ReadAlertsOptions,
  signal: AbortSignal,
  intake: Intake,
  logger: Logger,
): Promise<void> {
  const source = new Source(`grpc:${name}`, intake, logger);
  try {
    await readFrom(client, group, signal, source);
  } finally {
    source.close();
  }
}

async function readFrom(client: Client, group: string, signal: AbortSignal, source: Source): Promise<void> {
  while (!signal.aborted) {
    try {
      await source.read(
        client.sub({
          group,
          // What that server retains when the group is new: it may have been started before this one, or again.
          after: 0n,
          acknowledge: true,
          reconnect: { waitOnFirstConnect: true },
          onStatus: source.onStatus,
          signal,
        }),
      );
      return;
    } catch (error) {
      if (isFalcosOwn(error)) {
        source.metFalco();
        if (await readSharedQueue(client, source, signal)) continue;
        return;
      }
      if (!mayPass(error)) throw error;
      await source.waitAfter(error, signal);
    }
  }
}

/**
 * Reads Falco's own server until the connection is lost, and waits for a while: then one of ours may be there.
 * Returns whether it was lost, and not ended on purpose.
 */
async function readSharedQueue(client: Client, source: Source, signal: AbortSignal): Promise<boolean> {
  const lost = new AbortController();
  const read = source.taken;
  await source.read(
    client.sub({
      reconnect: { waitOnFirstConnect: true },
      onStatus: (status) => {
        source.onStatus(status);
        if (status.type === "disconnected") lost.abort();
      },
      signal: AbortSignal.any([signal, lost.signal]),
    }),
  );
  if (source.taken > read) source.failed = 0;
  if (lost.signal.aborted)
    await pause(backoffMs(++source.failed, initialDelayMs, maxDelayMs, Math.random()), signal);
  return lost.signal.aborted && !signal.aborted;
}

/** One server whose alerts come in, across its connections. */
class Source {
  readonly #intake: Intake;
  /** Connections that were made, lost or refused: as many as the other server likes. */
  readonly #news: Throttled;
  readonly #losses: Throttled;
  readonly #encoder = new BatchEncoder();
  readonly #recent = new RecentSequences(recentCount);
  /** What was logged last about the connection; an attempt like the one before is not logged again. */
  #said = "";
  #isFalco = false;
  /** How many alerts came. */
  taken = 0;
  /** How often Falco's own server was lost, or a server refused, since an alert came from it. */
  failed = 0;
  #takenBefore = 0;

  constructor(input: string, intake: Intake, logger: Logger) {
    this.#intake = intake;
    this.#news = new Throttled((times, reason, what) => {
      const fields = { input, ...(times > 1 && { times }), ...(reason !== "" && { reason }) };
      if (reason === "") logger.info(fields, what);
      else logger.warn(fields, what);
    });
    this.#losses = new Throttled((lost, isKnown, cause) =>
      logger.warn(
        { input, cause, ...(isKnown !== "" && { lost: String(lost) }) },
        "that server lost alerts before they were read",
      ),
    );
  }

  /** A batch is acknowledged when the loop comes back: then the router has it. */
  async read(stream: AlertStream): Promise<void> {
    for await (const alerts of stream.batches()) {
      for (const alert of alerts) this.#add(alert);
      this.taken += alerts.length;
      if (this.#encoder.count === 0) continue;
      const appended = this.#intake.append(this.#encoder.take());
      if (appended instanceof Promise) await appended;
      await this.#intake.untilRoom();
    }
  }

  readonly onStatus = (status: StreamStatus): void => {
    switch (status.type) {
      case "connecting":
        return;
      case "disconnected": {
        const { message } = status.error;
        if (message !== this.#said) this.#news.add(1, message, "disconnected");
        this.#said = message;
        return;
      }
      case "lost": {
        const { causeText, lost } = status.loss;
        // After a restart nobody knows how many.
        if (lost === undefined) this.#losses.add(1, "", causeText);
        else this.#losses.add(Number(lost), "known", causeText);
        return;
      }
      default:
        this.#said = "";
        this.#news.add(1, "", status.type);
    }
  };

  /** Waits for a while after a refusal. */
  async waitAfter(error: FalcoError, signal: AbortSignal): Promise<void> {
    if (this.taken > this.#takenBefore) this.failed = 0;
    this.#takenBefore = this.taken;
    if (error.message !== this.#said) {
      this.#news.add(1, error.message, "that server refuses, and is asked again");
    }
    this.#said = error.message;
    await pause(backoffMs(++this.failed, initialDelayMs, maxDelayMs, Math.random()), signal);
  }

  /** That server turned out to be Falco's own. */
  metFalco(): void {
    if (!this.#isFalco) this.#news.add(1, "", "Falco's own server: its shared queue is read, unacknowledged");
    this.#isFalco = true;
  }

  close(): void {
    this.#news.close();
    this.#losses.close();
  }

  #add(alert: Alert): void {
    // Falco's own alerts have no number, nor have those that report a loss.
    if (alert.sequence !== 0n && !this.#recent.add(Number(alert.sequence))) return;
    try {
      this.#encoder.addAlert(alert);
    } catch (error) {
      this.#intake.reject((error as Error).message);
    }
  }
}

/** Whether it is Falco's own server, which has no groups. */
function isFalcosOwn(error: unknown): boolean {
  return error instanceof FalcoError && error.code === Code.Unimplemented && !error.fromServer;
}

/** Whether that server may take the same later: the group has another filter now, or there are too many groups. */
function mayPass(error: unknown): error is FalcoError {
  return error instanceof FalcoError && error.fromServer && error.code !== Code.InvalidArgument;
}

/** Waits, but not longer than until the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
