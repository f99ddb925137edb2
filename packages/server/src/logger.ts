import { printable } from "@falco-outputs/core/printable";

/**
 * Where the server logs; pino and console fit. No alert's content is ever logged, unless the program of the program
 * output writes it to its standard error.
 */
export interface Logger {
  /** For what matters only while looking for a problem, such as a client that left. Optional. */
  debug?(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The same logger, with control characters escaped in all texts, which may be a peer's. */
export function printableLogger(logger: Logger): Logger {
  return {
    debug: (fields, message) => logger.debug?.(printableValue(fields), message),
    info: (fields, message) => logger.info(printableValue(fields), message),
    warn: (fields, message) => logger.warn(printableValue(fields), message),
    error: (fields, message) => logger.error(printableValue(fields), message),
  };
}

function printableValue<Value>(value: Value): Value {
  return printableUnknown(value) as Value;
}

function printableUnknown(value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value)) return value.map(printableUnknown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, printableUnknown(inner)]));
}

/** How many things of one kind are counted separately. */
const maxApart = 16;
/** The name of the rest, which is counted together. */
const others = "(others)";

interface Count {
  count: number;
  last: string;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Whatever a peer can cause is logged through this: it is counted, and logged at once the first time, then at most once
 * per `intervalMs` with the sum.
 */
export class Throttled {
  readonly #report: (count: number, last: string, about: string) => void;
  readonly #intervalMs: number;
  readonly #counts = new Map<string, Count>();

  /** @param report Gets the sum, and the `last` and `about` that were passed to `add`. */
  constructor(report: (count: number, last: string, about: string) => void, intervalMs = 10_000) {
    this.#report = report;
    this.#intervalMs = intervalMs;
  }

  /**
   * @param last A detail, of which only the last one is reported.
   * @param about What is counted separately. Beyond 16 at a time, the others are counted together.
   */
  add(count: number, last = "", about = ""): void {
    const key = this.#counts.has(about) || this.#counts.size < maxApart ? about : others;
    let counted = this.#counts.get(key);
    if (counted === undefined) {
      counted = { count: 0, last, timer: undefined };
      this.#counts.set(key, counted);
    }
    counted.count += count;
    counted.last = last;
    if (counted.timer === undefined) this.#tell(key, counted);
  }

  /** Reports what was counted since the last report, and ends. */
  close(): void {
    for (const [about, { count, last }] of this.#counts) {
      if (count > 0) this.#report(count, last, about);
    }
    this.discard();
  }

  /** Ends without a report of what was counted since the last one. */
  discard(): void {
    for (const { timer } of this.#counts.values()) clearTimeout(timer);
    this.#counts.clear();
  }

  #tell(about: string, counted: Count): void {
    const { count, last } = counted;
    if (count === 0) {
      this.#counts.delete(about);
      return;
    }
    counted.count = 0;
    counted.timer = setTimeout(() => this.#tell(about, counted), this.#intervalMs);
    counted.timer.unref();
    this.#report(count, last, about);
  }
}
