import { expect, it, onTestFinished, vi } from "vitest";
import { ReconnectPace } from "./reconnect-pace.js";

function paced() {
  vi.useFakeTimers({ toFake: ["performance"] });
  const random = vi.spyOn(Math, "random").mockReturnValue(1);
  onTestFinished(() => {
    random.mockRestore();
    vi.useRealTimers();
  });
  return new ReconnectPace();
}

it("is one decision for all that lose the same connection", () => {
  const pace = paced();
  const { round } = pace;
  expect(pace.waitMs(round, 100, 30_000)).toBe(100);
  vi.advanceTimersByTime(40);
  expect(pace.waitMs(round, 100, 30_000)).toBe(60);
  vi.advanceTimersByTime(100);
  expect(pace.waitMs(round, 100, 30_000)).toBe(0);
});

it("doubles with each attempt that fails, up to its bound, and begins anew when the server is there", () => {
  const pace = paced();
  const waits = Array.from({ length: 5 }, () => pace.waitMs(pace.round, 100, 1_000));
  expect(waits).toEqual([100, 200, 400, 800, 1_000]);
  pace.reset();
  expect(pace.waitMs(pace.round, 100, 1_000)).toBe(100);
});
