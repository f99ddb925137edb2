import { expect, it } from "vitest";
import { scenes } from "../scenes/all.js";
import { targets } from "../targets.js";
import { judge } from "./judge.js";

const scene = scenes.find(({ name }) => name === "killed-subscriber")!;
const figure = (median: number) => ({ median, min: median, max: median, rounds: 5 });
const lost = (median: number) => ({
  scene,
  result: {
    figures: {
      "falco-outputs, acknowledging": { lost: figure(median) },
      "falco-outputs": { lost: figure(125) },
    },
    ratios: {},
    foreignCpu: 0,
    repeatedRounds: 0,
  },
});

it("says of each target of the scenes that ran whether it is met", () => {
  const above = { isMet: false, measured: { median: 125 } };
  expect(judge([lost(0)])).toMatchObject([{ isMet: true, measured: { median: 0 } }, above]);
  expect(judge([lost(1)])).toMatchObject([{ isMet: false, measured: { median: 1 } }, above]);
  const unmeasured = { isMet: false, measured: undefined };
  expect(judge([{ scene, failure: "why" }])).toMatchObject([unmeasured, unmeasured]);
  expect(judge([])).toEqual([]);
});

it("has a scene for each target", () => {
  const names = scenes.map(({ name }) => name);
  for (const target of targets) expect(names).toContain(target.scene);
});
