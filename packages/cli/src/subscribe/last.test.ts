import { type Alert, createAlert } from "@falco-outputs/node";
import { expect, it } from "vitest";
import { lastOf } from "./last.js";

async function* alerts(...sequences: bigint[]): AsyncGenerator<Alert> {
  for (const sequence of sequences)
    yield Object.assign(createAlert({ rule: "R", priority: "Notice" }), { sequence });
}
const lastSequences = async (count: number, ...sequences: bigint[]) => {
  const { alerts: last, position } = await lastOf(alerts(...sequences), count);
  return { last: last.map(({ sequence }) => sequence), position };
};

it("gives the last in their order, and the highest sequence number", async () => {
  expect(await lastSequences(3)).toEqual({ last: [], position: undefined });
  expect(await lastSequences(3, 1n, 2n)).toEqual({ last: [1n, 2n], position: 2n });
  expect(await lastSequences(3, 1n, 2n, 3n)).toEqual({ last: [1n, 2n, 3n], position: 3n });
  expect(await lastSequences(3, 1n, 2n, 3n, 4n, 5n)).toEqual({ last: [3n, 4n, 5n], position: 5n });
  expect(await lastSequences(1, 1n, 2n, 3n)).toEqual({ last: [3n], position: 3n });
});

it("takes no place from an alert that tells a loss", async () => {
  expect(await lastSequences(3, 0n)).toEqual({ last: [0n], position: undefined });
  expect(await lastSequences(2, 4n, 0n)).toEqual({ last: [4n, 0n], position: 4n });
});
