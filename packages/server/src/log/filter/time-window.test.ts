import { fromBinary } from "@bufbuild/protobuf";
import { alertTimeUs } from "@falco-outputs/core/codec";
import { OutputsResponseSchema, timestampNs } from "@falco-outputs/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodedAlerts } from "../testing/wire.js";
import { WindowMatcher } from "./time-window.js";

const instants = [-1n, 0n, 1n, 500n, 1_000_000_500n, 1_780_000_000_000_000_000n, 1_780_000_000_999_999_999n];
const bound = fc.constantFrom(undefined, ...instants);
const arrivalUs = 1_780_000_000_000_001;

/** An alert's time as a decoder has it, or that of its arrival; in nanoseconds since 1970. */
function nsOf(alert: Uint8Array): bigint {
  const { time } = fromBinary(OutputsResponseSchema, alert);
  return time === undefined ? BigInt(arrivalUs) * 1_000n : timestampNs(time);
}

function usOf(alert: Uint8Array): number {
  const timeUs = alertTimeUs(alert, 0, alert.length);
  return Number.isNaN(timeUs) ? arrivalUs : timeUs;
}

const isInside = (ns: bigint, since = ns, until = ns + 1n) => since <= ns && ns < until;

describe("WindowMatcher", () => {
  it("goes by an alert's own time as a decoder has it, or by that of its arrival", () => {
    fc.assert(
      fc.property(encodedAlerts, bound, bound, (alert, since, until) => {
        const window = new WindowMatcher({ since, until });
        expect(window.matches(alert, 0, alert.length, arrivalUs)).toBe(isInside(nsOf(alert), since, until));
      }),
      { numRuns: 5_000 },
    );
  });

  it("is right about all alerts of a span, if it says anything", () => {
    fc.assert(
      fc.property(
        fc.array(encodedAlerts, { minLength: 1, maxLength: 4 }),
        bound,
        bound,
        (alerts, since, until) => {
          const window = new WindowMatcher({ since, until });
          const times = alerts.map(usOf);
          const span = { least: Math.min(...times), greatest: Math.max(...times) };
          const inside = alerts.filter((alert) => isInside(nsOf(alert), since, until));
          if (window.excludes(span)) expect(inside).toEqual([]);
          if (window.includes(span)) expect(inside).toEqual(alerts);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it.each([
    [10_000_000_000n, undefined, { least: 1_000_000, greatest: 9_999_999 }, [true, false]],
    [10_000_000_000n, undefined, { least: 10_000_001, greatest: 20_000_000 }, [false, true]],
    [10_000_000_000n, undefined, { least: 1_000_000, greatest: 20_000_000 }, [false, false]],
    [undefined, 10_000_000_000n, { least: 10_000_001, greatest: 20_000_000 }, [true, false]],
    [undefined, 10_000_000_000n, { least: 1, greatest: 9_999_999 }, [false, true]],
    [1n, 10_000_000_000n, { least: 1, greatest: 9_999_999 }, [false, true]],
  ])("from %s to %s skips, or takes, what it can", (since, until, span, expected) => {
    const window = new WindowMatcher({ since, until });
    expect([window.excludes(span), window.includes(span)]).toEqual(expected);
  });
});
