import { expect, it } from "vitest";
import { backoffMs } from "./backoff.js";

it("doubles with each failure, up to its limit, and is random below", () => {
  const longest = [1, 2, 3, 4, 9, 10, 60, 2000].map((failed) => backoffMs(failed, 100, 30_000, 1));
  expect(longest).toEqual([100, 200, 400, 800, 25_600, 30_000, 30_000, 30_000]);
  expect(backoffMs(3, 100, 30_000, 0)).toBe(0);
  expect(backoffMs(3, 100, 30_000, 0.25)).toBe(100);
});
