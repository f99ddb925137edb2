import { describe, expect, it } from "vitest";
import { type AlertInit, createAlert } from "../alert.js";
import { lossOf } from "./status.js";

const alert = (outputFields: NonNullable<AlertInit["outputFields"]>, sequence = 0n) =>
  Object.assign(createAlert({ rule: "r", priority: "Warning", outputFields }), { sequence });

describe("lossOf", () => {
  it("reads how many alerts were lost, and which", () => {
    const fields = { cause: "overflow", lost: 3, first_sequence: 2n ** 63n, last_sequence: 2n ** 64n - 1n };
    expect(lossOf(alert(fields))).toEqual({
      cause: "overflow",
      causeText: "overflow",
      lost: 3n,
      firstSequence: 2n ** 63n,
      lastSequence: 2n ** 64n - 1n,
    });
  });

  it("reads a loss that nobody counted", () => {
    for (const cause of ["restart", "disk"]) {
      expect(lossOf(alert({ cause }))).toStrictEqual({ cause, causeText: cause });
    }
  });

  it("keeps the word of a cause that it does not know", () => {
    expect(lossOf(alert({ cause: "flood", lost: 1 }))).toEqual({
      cause: "unknown",
      causeText: "flood",
      lost: 1n,
    });
  });

  it("takes no alert with a place in the log for one", () => {
    expect(lossOf(alert({ cause: "overflow", lost: 3 }, 7n))).toBeUndefined();
    expect(lossOf(alert({}))).toBeUndefined();
  });
});
