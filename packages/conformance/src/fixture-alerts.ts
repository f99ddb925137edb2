import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { ExpectedAlert, FixtureName } from "./case.js";

type Line = ExpectedAlert | "rejected";
const loaded = new Map<FixtureName, Line[]>();

/** What Falco's own gRPC server would have sent for each line of a fixture. */
export function fixtureAlerts(name: FixtureName): Line[] {
  let lines = loaded.get(name);
  if (lines === undefined) {
    lines = parse(readFileSync(new URL(`../expected/${name}.yaml`, import.meta.url), "utf8")) as Line[];
    loaded.set(name, lines);
  }
  return lines;
}
