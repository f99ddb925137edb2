import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Logger, printableLogger, Throttled } from "./logger.js";

describe("a throttled report", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
  });

  function recorded() {
    const reports: [count: number, last: string, about: string][] = [];
    return { reports, throttled: new Throttled((...report) => reports.push(report), 1_000) };
  }

  it("comes at once the first time, then once an interval with the sum and the last", () => {
    const { reports, throttled } = recorded();
    throttled.add(1, "first");
    for (let index = 0; index < 500; index++) throttled.add(2, `${index}`);
    expect(reports).toEqual([[1, "first", ""]]);
    vi.advanceTimersByTime(1_000);
    expect(reports.slice(1)).toEqual([[1_000, "499", ""]]);
    vi.advanceTimersByTime(10_000);
    expect(reports).toHaveLength(2);
    throttled.add(1, "later");
    expect(reports.at(-1)).toEqual([1, "later", ""]);
  });

  it("counts apart what it is about", () => {
    const { reports, throttled } = recorded();
    throttled.add(5, "", "one");
    throttled.add(7, "", "two");
    throttled.add(1, "", "one");
    throttled.add(2, "", "two");
    vi.advanceTimersByTime(1_000);
    expect(reports).toEqual([
      [5, "", "one"],
      [7, "", "two"],
      [1, "", "one"],
      [2, "", "two"],
    ]);
  });

  it("counts together what is beyond 16 at a time, and keeps no more of it", () => {
    const { reports, throttled } = recorded();
    for (let index = 0; index < 10_000; index++) throttled.add(1, "", `group ${index}`);
    expect(reports).toHaveLength(17);
    vi.advanceTimersByTime(1_000);
    expect(reports.slice(16)).toEqual([
      [1, "", "(others)"],
      [9_983, "", "(others)"],
    ]);
    vi.advanceTimersByTime(1_000);
    throttled.add(1, "", "group 20");
    expect(reports.at(-1)).toEqual([1, "", "group 20"]);
  });

  it("is made up at the close, and is left out by a discard", () => {
    for (const [end, expected] of [["close", 2] as const, ["discard", 1] as const]) {
      const { reports, throttled } = recorded();
      throttled.add(1);
      throttled.add(3);
      throttled[end]();
      vi.advanceTimersByTime(10_000);
      expect(reports).toHaveLength(expected);
    }
  });
});

it("no control character of what peers sent reaches the log, however deep it is", () => {
  const logged: unknown[] = [];
  const note = (fields: object) => void logged.push(fields);
  const logger = printableLogger({ debug: note, info: note, warn: note, error: note });
  for (const level of ["debug", "info", "warn", "error"] as const) {
    logger[level]?.({ reason: "\x1b[31m\x9b2J", list: [{ name: "a\nb" }], count: 3, none: null }, "");
  }
  const expected = { reason: "\\x1b[31m\\x9b2J", list: [{ name: "a\\nb" }], count: 3, none: null };
  expect(logged).toEqual([expected, expected, expected, expected]);
});

it("a logger needs no debug level", () => {
  const logger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  expect(() => printableLogger(logger).debug?.({}, "")).not.toThrow();
});
