import { readdirSync, readFileSync } from "node:fs";
import { fixtureLines } from "@falco-outputs/testing";
import { parse } from "yaml";
import type { Call, Case, ExpectedAlert, FixtureName } from "./case.js";
import { expandText } from "./expand-text.js";
import { type FilterVector, filterCases } from "./filter-cases.js";
import { fixtureAlerts } from "./fixture-alerts.js";
import { validateCase } from "./validate-case.js";

/** A case as the file has it: a case, what the codec has to make of lines, or what passes a filter. */
type Written = Partial<Case> & { name: string; known_failures_of_reading?: Record<string, string> } & (
    | { fixture: FixtureName; known_failures_of_lines?: Record<number, Record<string, string>> }
    | { lines: Pair[] }
    | FilterVector
    | (Partial<Pair> & { lines?: never })
  );
type Pair = { line: string } & ({ alert: ExpectedAlert } | { rejected: true });

const folder = new URL("../cases/", import.meta.url);

/** Every case, in the order of the files' names and as they stand there. @throws Error that names a case that is wrong. */
export function loadCases(): Case[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .flatMap((name) => {
      const text = readFileSync(new URL(name, folder), "utf8");
      const theme = name.replace(/\.yaml$/, "");
      const written = expandText(parse(text, { merge: true })) as Written[];
      // What the server reads and what a client reads are rows apart: not every client reads Falco's lines.
      return written
        .flatMap((one) => toCases(theme, one))
        .sort((a, b) => themeOrder(a.theme) - themeOrder(b.theme));
    });

  function themeOrder(theme: string): number {
    return theme.endsWith("-client") ? 1 : 0;
  }
}

function toCases(theme: string, written: Written): Case[] {
  if ("fixture" in written) {
    const lines = fixtureLines(written.fixture);
    const alerts = fixtureAlerts(written.fixture);
    if (lines.length !== alerts.length) throw new Error(`${written.fixture}: a line has no expectation`);
    return lines.flatMap((line, index) => {
      const alert = alerts[index]!;
      const pair: Pair = alert === "rejected" ? { line, rejected: true } : { line, alert };
      const known_failures = written.known_failures_of_lines?.[index + 1] ?? {};
      return codecCases(theme, `${written.fixture}, line ${index + 1}`, [pair], {
        ...written,
        known_failures,
      });
    });
  }
  if ("pass" in written) {
    const { name, needs = [] } = written;
    return filterCases(written).map(({ suffix, ...one }) =>
      toCase(`${theme}${suffix}`, name, { ...one, needs }),
    );
  }
  if (written.lines !== undefined) return codecCases(theme, written.name, written.lines, written);
  if (written.line !== undefined) return codecCases(theme, written.name, [written as Pair], written);
  return [toCase(theme, written.name, written)];
}

/** What a line becomes, once in the server and once in the client. */
function codecCases(theme: string, name: string, pairs: Pair[], written: Written): Case[] {
  const alerts = pairs.flatMap((pair) => ("alert" in pair ? [pair.alert] : []));
  const rejected = pairs.length - alerts.length;
  const { known_failures = {}, known_failures_of_reading = {} } = written;
  const server: Partial<Case> = {
    // What is rejected goes the way that counts it.
    feed:
      rejected === 0
        ? pairs.map(({ line }) => ({ line }))
        : [{ stdin: { lines: pairs.map(({ line }) => line) } }],
    calls: [{ method: "get", expect: { status: "OK", alerts } }],
    ...(rejected > 0 && { inputs: { lines: { accepted: alerts.length, rejected } } }),
  };
  const calls: Call[] = pairs.map((pair) => ({
    method: "read_alert",
    text: pair.line,
    expect:
      "alert" in pair
        ? { status: "OK", alerts: [pair.alert], answered: false }
        : { status: "INVALID_ARGUMENT", message: "any", alerts: [], answered: false },
  }));
  return [
    toCase(theme, name, { ...server, known_failures }),
    toCase(`${theme}-client`, name, {
      server: { listen: "nowhere" },
      calls,
      needs: pairs.some(isTextAlert) ? ["read_text"] : [],
      known_failures: known_failures_of_reading,
    }),
  ];
}

/** Whether it is an alert in Falco's text form. */
function isTextAlert(pair: Pair): boolean {
  return "alert" in pair && !/^\s*\{/.test(pair.line);
}

function toCase(theme: string, name: string, written: Partial<Case>): Case {
  const defaults = { server: {}, feed: [], calls: [], inputs: {}, needs: [], known_failures: {} };
  const whole: Case = { ...defaults, ...written, theme, name };
  validateCase(whole);
  return whole;
}
