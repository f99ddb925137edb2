import { expect, it } from "vitest";
import { figuresOf, measureRounds, ratiosOf } from "./rounds.js";

it("runs the contestants in turn, and counts no warm-up", async () => {
  const runs: string[] = [];
  const contestants = ["a", "b"].map((name) => ({
    name,
    run: async (round: number) => {
      runs.push(`${name}${round}`);
      return { "alerts/s": round };
    },
  }));
  const { samples } = await measureRounds(contestants, { rounds: 2, warmUps: 1, progress: () => undefined });
  expect(runs.slice(0, 4)).toEqual(["a0", "b0", "b1", "a1"]);
  expect(samples.get("a")).toHaveLength(2);
  expect(samples.get("a")![0]!["alerts/s"]).toBeGreaterThanOrEqual(1);
});

it("compares round by round, for what both have", () => {
  const of = [
    { x: 10, only: 1 },
    { x: 30, only: 1 },
    { x: 20, only: 1 },
  ];
  const to = [{ x: 5 }, { x: 10 }, { x: 20 }];
  expect(ratiosOf(of, to)).toEqual({ x: { median: 2, min: 1, max: 3, rounds: 3 } });
  expect(figuresOf(of).x).toEqual({ median: 20, min: 10, max: 30, rounds: 3 });
});

it("divides by nothing that is zero", () => {
  expect(ratiosOf([{ lost: 0 }], [{ lost: 0 }])).toEqual({});
});
