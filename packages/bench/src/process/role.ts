/** What crosses between the runner and a process that it started. */
export interface Order {
  readonly id: number;
  readonly command: string;
  readonly arguments: readonly unknown[];
}
export type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });

/** What a process has used since its start. */
export interface Usage {
  /** User and system time of all its threads, in microseconds. */
  readonly cpuUs: number;
  readonly rssBytes: number;
}

/** The part of this process: it carries out the runner's commands until the runner ends it. */
export function playRole(commands: object): void {
  const all = { ...bound(commands), usage };
  process.on("message", async ({ id, command, arguments: given }: Order) => {
    let answer: Answer;
    try {
      const carryOut = all[command as keyof typeof all] as (...given: readonly unknown[]) => unknown;
      answer = { id, result: await carryOut(...given) };
    } catch (error) {
      answer = { id, error: (error as Error).stack ?? String(error) };
    }
    process.send!(answer);
  });
  // However the runner ended.
  process.once("disconnect", () => process.exit());
  // Ctrl-C reaches every process of the terminal: the runner ends its own.
  process.on("SIGINT", () => undefined);
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
}

/** The methods of an object of a class, which `...` would not find. */
function bound(commands: object): Record<string, unknown> {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(commands));
  const methods = commands as Record<string, () => unknown>;
  return Object.fromEntries(
    names.filter((name) => name !== "constructor").map((name) => [name, methods[name]!.bind(commands)]),
  );
}
