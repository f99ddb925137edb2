import { DatagramSender, type Logger } from "@falco-outputs/server";

/** How long to wait for a manager without room. */
const fullMs = 100;
/** How many messages wait for it; the oldest are dropped. */
const maxWaiting = 16;

/** Tells systemd how the service is, as sd_notify(3) does. */
export class ServiceManager {
  readonly #sender: DatagramSender;
  readonly #logger: Logger;
  readonly #watchdog: NodeJS.Timeout | undefined;
  readonly #waiting: Buffer[] = [];
  #retry: NodeJS.Timeout | undefined;
  #isLost = false;

  /**
   * @param path Its datagram socket.
   * @param watchdogMs How long it waits for a sign of life before it kills the service; it gets two in that time.
   * @throws Error if no datagram can be sent on this platform.
   */
  constructor(path: string, watchdogMs: number | undefined, logger: Logger) {
    this.#sender = new DatagramSender(path);
    this.#logger = logger;
    if (watchdogMs !== undefined) {
      this.#watchdog = setInterval(() => this.#live(), watchdogMs / 2).unref();
    }
  }

  ready(status: string): void {
    this.#tell("READY=1", statusLine(status));
  }

  /** To be followed by `ready`. */
  reloading(): void {
    // As CLOCK_MONOTONIC, by which systemd knows to which reload this belongs.
    this.#tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
  }

  stopping(status: string): void {
    this.#tell("STOPPING=1", statusLine(status));
  }

  close(): void {
    clearInterval(this.#watchdog);
    clearTimeout(this.#retry);
    this.#sender.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Another is on its way soon, so it does not wait. */
  #live(): void {
    if (this.#waiting.length === 0) this.#send(Buffer.from("WATCHDOG=1"));
  }

  #tell(...lines: readonly string[]): void {
    this.#waiting.push(Buffer.from(lines.join("\n")));
    if (this.#waiting.length > maxWaiting) this.#waiting.shift();
    if (this.#retry === undefined) this.#flush();
  }

  #flush(): void {
    this.#retry = undefined;
    while (this.#waiting.length > 0) {
      if (!this.#send(this.#waiting[0]!)) {
        this.#retry = setTimeout(() => this.#flush(), fullMs).unref();
        return;
      }
      this.#waiting.shift();
    }
  }

  /** Whether nothing has to be sent again. */
  #send(message: Buffer): boolean {
    try {
      const isSent = this.#sender.send(message);
      if (isSent) this.#isLost = false;
      return isSent;
    } catch (error) {
      // The manager itself may be restarting: the next message may reach it.
      if (!this.#isLost) this.#logger.warn({ reason: (error as Error).message }, "systemd cannot be told");
      this.#isLost = true;
      return true;
    }
  }
}

function statusLine(status: string): string {
  return `STATUS=${status.replaceAll("\n", " ")}`;
}
