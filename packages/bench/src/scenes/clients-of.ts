import { type Measured, measureRounds } from "../measure/rounds.js";
import { Cast } from "../process/cast.js";
import type { Command } from "../process/program.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { drainingProgram } from "./draining-program.js";
import { unixSocket } from "./listeners.js";
import { ours, startServer } from "./pairs.js";

/** The clients of a language, which take alerts from our server, each in a process of its own. */
export interface ClientsOf {
  readonly name: string;
  readonly language: string;
  /** What takes the alerts, and what it needs. */
  readonly about: string;
  /** How many a run takes: no more than our server's memory holds by default, 100,000. */
  readonly alerts: number;
  /** Builds the programs; returns them by their contestants' names. @throws Error if a tool is missing. */
  build(): Promise<Readonly<Record<string, Command>>>;
  /** Which contestant is set against which, if not the first against each other one. */
  compare?(measured: Measured): [of: string, to: string][];
}

export function clientsOf({
  name,
  language,
  about,
  alerts,
  build,
  compare = firstAgainstOthers,
}: ClientsOf): Scene {
  return {
    name,
    title: `Clients in ${language}, unix socket`,
    about: `A new process a run takes alerts from the shared queue of our server: ${about}`,
    async run(extent) {
      await using cast = new Cast();
      const count = extent.amount(alerts);
      const server = {
        ...(await startServer(cast, ours, unixSocket(), { ...extent, amount: () => 0 })),
        count,
      };
      extent.progress("building");
      const programs = Object.entries(await build());
      const measured = await measureRounds(
        programs.map(([contestant, command]) => drainingProgram(contestant, server, count, command)),
        extent,
      );
      return toResult(measured, compare(measured));
    },
  };
}
