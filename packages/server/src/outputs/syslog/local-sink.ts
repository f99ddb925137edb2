import { createConnection } from "node:net";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { OptionError } from "@falco-outputs/core/options";
import { connectionError } from "../connection-error.js";
import { type Attempt, type FormattedAlerts, Refused, type Sink } from "../sink.js";
import { Connection } from "./connection.js";
import { DatagramSender } from "./datagram-sender.js";
import { formatLocal, formatLocalStream } from "./local-format.js";
import { messageOf } from "./message.js";

/** The room for a path in an address of a unix socket, without its NUL (unix(7)). */
const maxPathBytes = 107;
/** How long to wait for a receiver without room: briefly at first, because Linux queues only ten datagrams by default. */
const minFullMs = 1;
const maxFullMs = 32;
/** After so many datagrams without a wait, the event loop gets a turn. */
const turnAlerts = 64;
// node-unix-socket reports an errno only as text.
const wrongType = "Protocol wrong type for socket";
const tooLong = "Message too long";

/** The machine's own syslogd, over a datagram socket or, failing that, a stream socket, as glibc's syslog(3) does. */
export class LocalSink implements Sink {
  // One alert that is too long must not take others with it.
  readonly maxAlerts = 1;
  readonly #path: string;
  readonly #facility: number;
  readonly #tag: string;
  readonly #datagrams: DatagramSender;
  /** Set if it is a stream socket. */
  #stream: Connection | undefined;
  #sent = 0;

  /** @throws OptionError */
  constructor(path: string, facility: number, tag: string) {
    if (path === "" || Buffer.byteLength(path) > maxPathBytes) {
      throw new OptionError({
        option: "outputs.syslog.socket",
        got: path,
        expected: `a path of 1 to ${maxPathBytes} bytes`,
      });
    }
    this.#path = path;
    this.#facility = facility;
    this.#tag = tag;
    this.#datagrams = datagramSender(path);
  }

  async write(alerts: FormattedAlerts, { signal }: Attempt): Promise<void> {
    const message = messageOf(alerts, 0, this.#facility, this.#tag);
    if (this.#stream === undefined) {
      if (await this.#send(formatLocal(message), signal)) return;
      this.#stream = new Connection(this.#path, () => createConnection({ path: this.#path }));
    }
    await this.#stream.write(formatLocalStream(message), signal).catch((error) => {
      // The next syslogd there may take datagrams again.
      this.#stream = undefined;
      throw error;
    });
  }

  async reopen(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.#datagrams.close();
    await this.#stream?.end();
    this.#stream = undefined;
  }

  /** Resolves when the receiver has the datagram; with false if it is a stream socket. */
  async #send(datagram: Buffer, signal: AbortSignal): Promise<boolean> {
    if (++this.#sent % turnAlerts === 0) await nextTurn();
    try {
      signal.throwIfAborted();
      for (
        let fullMs = minFullMs;
        !this.#datagrams.send(datagram);
        fullMs = Math.min(2 * fullMs, maxFullMs)
      ) {
        await delay(fullMs, undefined, { signal });
      }
      return true;
    } catch (error) {
      if (signal.aborted) throw connectionError(this.#path, new Error("the receiver has no room for more"));
      const { message } = error as Error;
      if (message === wrongType) return false;
      const failure = connectionError(this.#path, error as Error);
      throw message === tooLong ? new Refused(`${failure.message} (${datagram.length} bytes)`) : failure;
    }
  }
}

/** @throws OptionError if there can be none. */
function datagramSender(path: string): DatagramSender {
  try {
    return new DatagramSender(path);
  } catch (cause) {
    throw new OptionError({
      option: "outputs.syslog.address",
      got: undefined,
      expected: `host:port, or what the local socket needs: ${(cause as Error).message}`,
      cause,
    });
  }
}
