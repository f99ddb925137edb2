import { describe, expect, it } from "vitest";
import { mutate } from "./mutate.js";
import { Random } from "./random.js";
import { check, Difference, type Target } from "./target.js";
import { targets } from "./targets.js";

const inputs = 10_000;

describe.each(targets)("$name", (target) => {
  it("agrees on alerts as they are", () => {
    for (const seed of target.seeds) {
      check(target, seed);
      expect(target.fast(seed)).not.toContain("refused");
    }
  });

  it("agrees on every beginning of an alert", () => {
    for (const seed of target.seeds) {
      for (let end = 0; end < seed.length; end++) check(target, seed.subarray(0, end));
    }
  });

  it("agrees on alerts that were broken at random", () => {
    const start = Math.floor(Math.random() * 0x1_0000_0000);
    const random = new Random(start);
    try {
      for (let n = 0; n < inputs; n++) check(target, mutate(random.of(target.seeds), random, target.tokens));
    } catch (error) {
      throw new Error(`seed ${start}`, { cause: error });
    }
  });

  it("notices a fast way that differs", () => {
    const wrong: Target = { ...target, fast: (input) => target.fast(input).replace("Notice", "notice") };
    const random = new Random(1);
    expect(() => {
      for (let n = 0; n < inputs; n++) check(wrong, mutate(random.of(target.seeds), random, target.tokens));
    }).toThrow(Difference);
  });
});
