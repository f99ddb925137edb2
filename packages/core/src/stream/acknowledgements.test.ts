import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Acknowledgements } from "./acknowledgements.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function started(window = 4096) {
  const sent: bigint[] = [];
  return { sent, acknowledgements: new Acknowledgements(window, (count) => sent.push(count)) };
}

describe("Acknowledgements", () => {
  it("go together when they come together, and soon when they do not", () => {
    const { sent, acknowledgements } = started();
    for (let n = 0; n < 10; n++) acknowledgements.done(acknowledgements.received());
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([10n]);
    acknowledgements.done(acknowledgements.received());
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([10n, 11n]);
  });

  it("are sent at once when a quarter of the window is done", () => {
    const { sent, acknowledgements } = started(100);
    for (let n = 0; n < 60; n++) acknowledgements.done(acknowledgements.received());
    expect(sent).toEqual([25n, 50n]);
  });

  it("wait for what came before", () => {
    const { sent, acknowledgements } = started();
    const [first, second, third] = [0, 1, 2].map(() => acknowledgements.received());
    acknowledgements.done(third!);
    acknowledgements.done(second!);
    acknowledgements.flush();
    expect(sent).toEqual([]);
    acknowledgements.done(first!);
    acknowledgements.flush();
    expect(sent).toEqual([3n]);
    acknowledgements.done(first!);
    acknowledgements.flush();
    expect(sent).toEqual([3n]);
  });

  it("never count what is not done, and in the end everything that is", () => {
    const orders = fc.integer({ min: 1, max: 50 }).chain((count) =>
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, n) => n),
        { minLength: count },
      ),
    );
    fc.assert(
      fc.property(orders, fc.integer({ min: 1, max: 16 }), (order, window) => {
        const { sent, acknowledgements } = started(window);
        for (const _ of order) acknowledgements.received();
        const done = new Set<number>();
        for (const place of order) {
          done.add(place);
          acknowledgements.done(place);
          const prefix = order.findIndex((_, n) => !done.has(n));
          expect(Number(sent.at(-1) ?? 0n)).toBeLessThanOrEqual(prefix === -1 ? order.length : prefix);
        }
        acknowledgements.flush();
        expect(sent.at(-1)).toBe(BigInt(order.length));
      }),
    );
  });
});
