import type { RunningCalls } from "./feed.js";
import type { CallLine, CallProgress, CallResult } from "./protocol.js";
import type { CallWatch, TesteeProcess } from "./testee.js";

/** What has subscribers. */
export interface Subscribed {
  waitForSubscribers(count: number): Promise<void>;
}

/** Calls that run beside one another, and what the runner knows of them while they do. */
export class CallsAtOnce {
  readonly #testee: TesteeProcess;
  readonly #server: () => Subscribed;
  readonly #calls: RunningCall[] = [];
  /** Look again at what they wait for. */
  readonly #waiting = new Set<() => void>();

  constructor(testee: TesteeProcess, server: () => Subscribed) {
    this.#testee = testee;
    this.#server = server;
  }

  start(line: CallLine): RunningCall {
    const changed = () => {
      for (const check of this.#waiting) check();
    };
    const call = new RunningCall(this.#testee, line, changed);
    this.#calls.push(call);
    return call;
  }

  /** Resolves when that call is a subscriber beside the others, or is over. */
  async subscribed(call: RunningCall): Promise<void> {
    while (!call.isOver) {
      const running = this.#calls.filter(({ isOver }) => !isOver);
      const subscribed = this.#server().waitForSubscribers(running.length);
      // One of the others may end meanwhile.
      const changed = Promise.race(running.map(({ over }) => over)).then(() => "changed");
      if ((await Promise.race([subscribed, changed])) !== "changed") return;
    }
  }

  results(): Promise<CallResult[]> {
    return Promise.all(this.#calls.map(({ result }) => result));
  }

  /** What the feed of one of the calls can see of them. */
  seenBy(call: RunningCall): RunningCalls {
    return {
      requests: (count) => this.#until(`${count} requests`, [call], () => call.requests >= count),
      alerts: (count) =>
        this.#until(
          `${count} alerts`,
          this.#calls,
          () => this.#calls.reduce((sum, { alerts }) => sum + alerts, 0) >= count,
        ),
      statuses: (count) => this.#until(`${count} statuses`, [call], () => call.statuses >= count),
      subscribers: (count) => this.#server().waitForSubscribers(count),
      cancel: () => {
        for (const running of this.#calls) running.cancel();
      },
    };
  }

  /** @throws Error if the calls that could bring it are over. */
  #until(what: string, calls: readonly RunningCall[], isTrue: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (isTrue()) resolve();
        else if (calls.every(({ isOver }) => isOver)) reject(new Error(`over before there were ${what}`));
        else return;
        this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

export class RunningCall implements CallWatch {
  readonly result: Promise<CallResult>;
  /** Resolves when the call is over, for better or worse. */
  readonly over: Promise<void>;
  readonly cancel: () => void;
  readonly #changed: () => void;
  requests = 0;
  alerts = 0;
  statuses = 0;
  isOver = false;

  constructor(testee: TesteeProcess, line: CallLine, changed: () => void) {
    this.#changed = changed;
    const { result, cancel } = testee.call(line, this);
    this.result = result;
    this.cancel = cancel;
    const end = () => {
      this.isOver = true;
      changed();
    };
    this.over = result.then(end, end);
  }

  progress(progress: CallProgress): void {
    if ("requests" in progress) this.requests = progress.requests;
    else if ("alerts" in progress) this.alerts = progress.alerts;
    else this.statuses = progress.statuses;
    this.#changed();
  }
}
