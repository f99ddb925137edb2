import { expect, it } from "vitest";
import { figureOf, median, percentile } from "./statistics.js";

it("takes the middle of an odd number of values, and the mean of the two in the middle of an even one", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 1, 4, 2])).toBe(3);
  expect(median([7])).toBe(7);
});

it("sorts numbers as numbers", () => {
  expect(median([100, 20, 3])).toBe(20);
});

it("returns percentiles, in proportion between two values", () => {
  const values = Array.from({ length: 101 }, (_, index) => 100 - index);
  expect([0, 50, 99, 100].map((percent) => percentile(values, percent))).toEqual([0, 50, 99, 100]);
  expect(percentile([0, 10], 99)).toBeCloseTo(9.9);
});

it("has the spread beside the median", () => {
  expect(figureOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, rounds: 3 });
});

it("does not make a figure of nothing", () => {
  expect(() => figureOf([])).toThrow("nothing");
});
