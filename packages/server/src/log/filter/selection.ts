import type { Filter } from "./filter.js";
import { createMatcher, type Matcher } from "./matcher.js";
import { type TimeSpan, type TimeWindow, WindowMatcher } from "./time-window.js";

/** Which alerts a group or a broadcast gets: those that pass its filter, and are in its time window. */
export class Selection {
  readonly #matches: Matcher | undefined;
  readonly #window: WindowMatcher | undefined;

  /** Undefined if it is all of them. */
  static of(filter: Filter | undefined, window: TimeWindow | undefined): Selection | undefined {
    return filter === undefined && window === undefined ? undefined : new Selection(filter, window);
  }

  private constructor(filter: Filter | undefined, window: TimeWindow | undefined) {
    this.#matches = filter && createMatcher(filter);
    this.#window = window && new WindowMatcher(window);
  }

  /** Whether none of the alerts with times in a span can pass. */
  excludes(times: TimeSpan): boolean {
    return this.#window?.excludes(times) === true;
  }

  /** Whether the time of each alert with one in a span is right, so that only the filter decides. */
  includes(times: TimeSpan): boolean {
    return this.#window === undefined || this.#window.includes(times);
  }

  /**
   * Whether the encoded alert that is `bytes` from `start` to `end` passes.
   * @param isInTime Whether its time is known to be right.
   * @param arrivalUs When it arrived, in microseconds since 1970; needed if it has no time of its own.
   */
  passes(
    bytes: Uint8Array,
    start: number,
    end: number,
    isInTime: boolean,
    arrivalUs: number | undefined,
  ): boolean {
    return (
      (isInTime || this.#window!.matches(bytes, start, end, arrivalUs)) &&
      (this.#matches === undefined || this.#matches(bytes, start, end))
    );
  }
}
