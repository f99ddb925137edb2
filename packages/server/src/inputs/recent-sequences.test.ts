import { expect, it } from "vitest";
import { RecentSequences } from "./recent-sequences.js";

it("knows the latest, and forgets what is older", () => {
  const recent = new RecentSequences(3);
  const add = (...sequences: number[]) => sequences.map((sequence) => recent.add(sequence));
  expect(add(1, 2, 3)).toEqual([true, true, true]);
  expect(add(1, 2, 3)).toEqual([false, false, false]);
  expect(add(4, 5)).toEqual([true, true]);
  expect(add(3, 4, 5)).toEqual([false, false, false]);
  expect(add(1, 2)).toEqual([true, true]);
  expect(add(5, 3, 4)).toEqual([false, true, true]);
});
