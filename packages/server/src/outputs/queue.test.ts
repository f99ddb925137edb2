import fc from "fast-check";
import { expect, it } from "vitest";
import { joinPieces } from "../alert-batch.js";
import { Queue } from "./queue.js";
import type { FormattedAlerts } from "./sink.js";

/** Alerts that are these texts, each with its length for its priority. */
function alertsOf(texts: readonly string[]): FormattedAlerts {
  return {
    ...joinPieces(texts.map((text) => Buffer.from(text))),
    priorities: texts.map((text) => text.length),
  };
}

function textsOf({ bytes, ends, priorities }: FormattedAlerts): string[] {
  const texts = ends.map((end, index) => Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end)).toString());
  expect(priorities).toEqual(texts.map((text) => text.length));
  expect(ends.at(-1) ?? 0).toBe(bytes.length);
  return texts;
}

it("returns alerts in order, each once, within its bounds, whatever it is asked", () => {
  const text = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme-ascii" });
  const add = fc.record({ add: fc.array(text, { maxLength: 6 }) });
  const take = fc.record({
    maxAlerts: fc.integer({ min: 1, max: 8 }),
    maxBytes: fc.integer({ min: 1, max: 40 }),
  });
  const bounds = fc.record({
    alerts: fc.integer({ min: 1, max: 20 }),
    bytes: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(bounds, fc.array(fc.oneof(add, take)), (bound, steps) => {
      const queue = new Queue(bound.alerts, bound.bytes);
      let model: string[] = [];
      const bytesOf = (texts: readonly string[]) => texts.join("").length;
      for (const step of steps) {
        if ("add" in step) {
          const taken = queue.add(alertsOf(step.add));
          const fits = (count: number) =>
            model.length + count <= bound.alerts &&
            bytesOf(model) + bytesOf(step.add.slice(0, count)) <= bound.bytes;
          expect(fits(taken)).toBe(true);
          expect(taken === step.add.length || !fits(taken + 1)).toBe(true);
          model = [...model, ...step.add.slice(0, taken)];
        } else if (model.length > 0) {
          const texts = textsOf(queue.take(step.maxAlerts, step.maxBytes));
          expect(texts).toEqual(model.slice(0, texts.length));
          const isMost = (count: number) =>
            count <= step.maxAlerts && (count === 1 || bytesOf(model.slice(0, count)) <= step.maxBytes);
          expect(isMost(texts.length)).toBe(true);
          expect(texts.length === model.length || !isMost(texts.length + 1)).toBe(true);
          model = model.slice(texts.length);
        }
        expect(queue.count).toBe(model.length);
      }
      queue.clear();
      expect(queue.count).toBe(0);
      expect(queue.add(alertsOf(["x"]))).toBe(1);
      expect(textsOf(queue.take(1, 1))).toEqual(["x"]);
    }),
    { numRuns: 1000 },
  );
});

it("keeps nothing of those that it has no room for", () => {
  const queue = new Queue(1, 1_000_000);
  expect(queue.add(alertsOf(["a", "b".repeat(100_000)]))).toBe(1);
  expect(queue.take(1, 1_000).bytes.buffer.byteLength).toBe(1);
});

it("goes through many small batches", () => {
  const queue = new Queue(100_000, 1_000_000);
  const texts = Array.from({ length: 5_000 }, (_, index) => `${index};`);
  const taken: string[] = [];
  for (const [index, text] of texts.entries()) {
    queue.add(alertsOf([text]));
    if (index % 3 === 2) taken.push(...textsOf(queue.take(2, 1000)));
  }
  while (queue.count > 0) taken.push(...textsOf(queue.take(1_000, 1_000)));
  expect(taken).toEqual(texts);
});
