import { filtering } from "@falco-outputs/core/options";
import { describe, expect, it } from "vitest";
import { createAlert } from "../alert.js";

const second = 1_000_000_000n;
const alert = (rule: string, time: bigint) => createAlert({ rule, priority: "Notice", time });

describe("filtering", () => {
  it("decides as a server does for a broadcast", () => {
    const { passes } = filtering({
      allow: [{ rules: ["a*"] }],
      deny: [{ rules: ["ab"] }],
      since: second,
      until: 3n * second,
    });
    const passing = [alert("a", second), alert("ax", 2n * second)];
    const others = [
      alert("b", second),
      alert("ab", second),
      alert("a", second - 1n),
      alert("a", 3n * second),
    ];
    for (const each of passing) expect(passes(each, 0n)).toBe(true);
    for (const each of others) expect(passes(each, second)).toBe(false);
  });

  it("takes the arrival for the time of an alert without one", () => {
    const { passes } = filtering({ since: second });
    const untimed = Object.assign(alert("a", 0n), { time: undefined });
    expect(passes(untimed, second)).toBe(true);
    expect(passes(untimed, second - 1n)).toBe(false);
  });

  it("has the request that a server would get", () => {
    expect(filtering({ rules: ["a"] }).request).toMatchObject({ broadcast: true, allow: [{ rules: ["a"] }] });
  });

  it("refuses what a server would", () => {
    expect(() => filtering({ since: second, until: second })).toThrow("until: it is not later than since");
    expect(() => filtering({ deny: [{}] })).toThrow("deny[0]: an empty filter");
  });
});
