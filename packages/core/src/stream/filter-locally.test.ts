import type { Transport } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AlertInit, createAlert } from "../alert.js";
import { createClient } from "../client.js";
import type { FilterOptions } from "./options.js";

/** Which of these alerts a client lets through that filters on its own side, by their rules. */
async function passing(
  options: FilterOptions,
  alerts: readonly Partial<AlertInit>[],
): Promise<(string | undefined)[]> {
  const messages = alerts.map((alert) => createAlert({ rule: "", priority: "Warning", ...alert }));
  const transport = {
    stream: async () => ({
      stream: true,
      header: new Headers(),
      trailer: new Headers(),
      message: each(messages),
    }),
  } as unknown as Transport;
  const rules: string[] = [];
  for await (const { rule } of createClient({ transport }).get({ ...options, filterLocally: true })) {
    rules.push(rule);
  }
  return rules;
}

async function* each<T>(values: readonly T[]) {
  yield* values;
}

const passes = async (options: FilterOptions, alert: Partial<AlertInit>) =>
  (await passing(options, [alert])).length === 1;

describe("filterLocally", () => {
  it("takes what a filter of allow matches and none of deny does", async () => {
    const alerts = ["shell", "shell in container", "noise", "read"].map((rule) => ({ rule }));
    const allow = [{ rules: ["shell*"] }, { rules: ["read"], minPriority: "warning" }] as const;
    expect(await passing({ allow }, alerts)).toEqual(["shell", "shell in container", "read"]);
    expect(await passing({ deny: [{ rules: ["noise"] }] }, alerts)).toEqual([
      "shell",
      "shell in container",
      "read",
    ]);
    expect(await passing({ allow, deny: [{ rules: ["*container"] }] }, alerts)).toEqual(["shell", "read"]);
  });

  it("wants every part of a filter, and one of each part's values", async () => {
    const filter = {
      rules: ["a", "b"],
      tags: ["t", "u"],
      minPriority: "warning",
      fields: { f: ["1", "2"] },
    } as const;
    const alert = { rule: "b", tags: ["x", "u"], outputFields: { f: "2" } };
    expect(await passes(filter, alert)).toBe(true);
    for (const other of [
      { rule: "c" },
      { tags: ["x"] },
      { priority: "Notice" },
      { outputFields: { f: "3" } },
    ]) {
      expect(await passes(filter, { ...alert, ...other } as AlertInit)).toBe(false);
    }
  });

  it("knows an absent text as an empty one, and needs a tag where a tag is wanted", async () => {
    expect(await passes({ hostnames: [""] }, {})).toBe(true);
    expect(await passes({ hostnames: ["*"] }, {})).toBe(true);
    expect(await passes({ tags: ["*"] }, { tags: [] })).toBe(false);
    expect(await passes({ tags: ["*"] }, { tags: [""] })).toBe(true);
  });

  it.each(["__proto__", "constructor", "toString"])("looks for the alert's own field %s", async (name) => {
    const named = (value: string) => Object.defineProperty({}, name, { value, enumerable: true });
    const alert = { outputFields: JSON.parse(`{${JSON.stringify(name)}:"x"}`) };
    for (const fields of [{ [name]: [] }, { [name]: "x" }, { [name]: ["*"] }, named("x")]) {
      expect(await passes({ fields }, alert)).toBe(true);
      expect(await passes({ fields }, { outputFields: { other: "x" } })).toBe(false);
      expect(await passes({ deny: [{ fields }] }, { outputFields: { other: "x" } })).toBe(true);
    }
    expect(await passes({ fields: { [name]: "y" } }, alert)).toBe(false);
  });

  it("compares what is not well-formed as it would be sent", async () => {
    expect(await passes({ rules: ["*\ud83e*"] }, { rule: "🦅" })).toBe(false);
    expect(await passes({ rules: ["*\ud83e*"] }, { rule: "a\ufffdb" })).toBe(true);
  });

  it("matches a pattern as a regular expression does, whatever it is", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 60 });
    const long = fc.tuple(text, fc.integer({ min: 1, max: 8 })).map(([part, times]) => part.repeat(times));
    const pattern = fc
      .array(fc.oneof(fc.constantFrom("*", "*", "\\", "\\*", "\\\\*"), text, long), { maxLength: 8 })
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(
        pattern,
        fc.array(fc.oneof(text, long, pattern), { maxLength: 4 }),
        async (rule, texts) => {
          const rules = [...texts, texts.join(""), rule.replaceAll("*", "ab"), rule];
          const expected = rules.filter((one) => expressionOf(rule).test(one));
          expect(
            await passing(
              { rules: [rule] },
              rules.map((one) => ({ rule: one })),
            ),
          ).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  // Searching anew from each place, these would take minutes.
  it.each([
    ["aa", "a".repeat(20_000).concat("b")],
    ["ab", "a".concat("ab".repeat(10_000))],
    ["ab", "aab".concat("ab".repeat(10_000))],
    ["ab", "ab".repeat(5_000).concat("aab", "ab".repeat(5_000))],
    ["a", "a*".repeat(10_000).concat("b")],
  ])("takes time in the measure of the text, whatever the pattern: %s", async (period, part) => {
    const rule = period.repeat(500_000);
    expect(await passes({ rules: [`*${part}*`] }, { rule })).toBe(false);
    expect(await passes({ rules: [`*${part}*`] }, { rule: rule.concat(part.replaceAll("*", "")) })).toBe(
      true,
    );
  });
});

/** The same pattern, for what may not be linear. */
function expressionOf(pattern: string): RegExp {
  const source = pattern.replace(/\\\*|[\s\S]/g, (part) => {
    if (part === "*") return "[^]*";
    return part === "\\*" ? "\\*" : `\\u${part.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return new RegExp(`^${source}$`);
}
