import fc from "fast-check";
import { describe, it } from "vitest";
import { commandsFor } from "./commands.js";
import { type Engine, Trial } from "./trial.js";

/** What every engine of the alert log must do, whatever its subscribers do. */
export function describeAlertLog(name: string, engine: Engine, numRuns: number): void {
  describe(`${name}, as an alert log`, () => {
    it("accounts for every alert, to every group and every broadcast", async () => {
      await fc.assert(
        fc.asyncProperty(commandsFor(engine.bounds), async (commands) => {
          const trial = await Trial.start(engine);
          await fc.asyncModelRun(() => ({ model: trial, real: trial }), commands);
          await trial.finish();
        }),
        { numRuns },
      );
      // Generous: a failure is made small before it is told.
    }, 120_000);
  });
}
