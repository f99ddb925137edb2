import { expect, it } from "vitest";
import { scenes } from "../scenes/all.js";
import { targets } from "../targets.js";
import { judge } from "./judge.js";

const scene = scenes.find(({ name }) => name === "killed-subscriber")!;
const figure = (median: number) => ({ median, min: median, max: median, rounds: 5 });
const lost = (median: number) => ({
  scene,
  result: {
    figures: { "falco-outputs, acknowledging": { lost: figure(median) } },
    ratios: {},
    foreignCpu: 0,
    repeatedRounds: 0,
  },
});

it("says of each target of the scenes that ran whether it is met", () => {
  expect(judge([lost(0)])).toMatchObject([{ isMet: true, measured: { median: 0 } }]);
  expect(judge([lost(1)])).toMatchObject([{ isMet: false }]);
  expect(judge([{ scene, failure: "why" }])).toMatchObject([{ isMet: false, measured: undefined }]);
  expect(judge([])).toEqual([]);
});

it("has a scene for each target", () => {
  const names = scenes.map(({ name }) => name);
  for (const target of targets) expect(names).toContain(target.scene);
});
