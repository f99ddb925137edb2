import { expect, it } from "vitest";
import { parseOptions } from "./options.js";

const known = ["one", "two"];

it("runs everything in five rounds by default", () => {
  expect(parseOptions([], known)).toEqual({
    help: false,
    list: false,
    json: false,
    quick: false,
    micro: false,
    scenes: [],
    rounds: 5,
  });
});

it("takes scenes, rounds and flags", () => {
  const options = parseOptions(["--scene", "two", "--scene", "one", "--rounds", "7", "--json"], known);
  expect(options).toMatchObject({ scenes: ["two", "one"], rounds: 7, json: true, quick: false });
});

it("is short when it is to be quick, unless told otherwise", () => {
  expect(parseOptions(["--quick"], known).rounds).toBe(2);
  expect(parseOptions(["--quick", "--rounds", "1"], known).rounds).toBe(1);
});

it.each([
  [["--scene", "three"], "--scene three: there is one, two"],
  [["--rounds", "0"], "--rounds 0: expected a number from 1 to 999"],
  [["--rounds", "some"], "--rounds some"],
  [["--micro", "--scene", "one"], "--micro runs no scene"],
  [["--fast"], "--fast"],
  [["stray"], "stray"],
])("refuses %j", (args, reason) => {
  expect(() => parseOptions(args, known)).toThrow(reason);
});
