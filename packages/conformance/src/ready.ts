import { type ClientUnderTest, clients } from "./clients.js";
import { buildGo, hasGo } from "./go-program.js";

/** A client whose testee can be started. */
export interface ReadyClient extends ClientUnderTest {
  /** The testee's program and its arguments. */
  command: readonly [string, ...string[]];
}

export interface Readiness {
  ready: ReadyClient[];
  /** Those that this machine lacks something for. */
  missing: { names: string[]; reason: string } | undefined;
}

/** Builds what is to be built, into a folder. @throws Error if that fails. */
export async function makeReady(columns: readonly ClientUnderTest[], folder: string): Promise<Readiness> {
  const needsGo = columns.filter(({ program }) => "package" in program);
  const withoutGo = needsGo.length > 0 && !(await hasGo());
  const ready: ReadyClient[] = [];
  for (const client of columns) {
    const { name, program } = client;
    if (!("package" in program)) ready.push({ ...client, command: program });
    else if (!withoutGo) ready.push({ ...client, command: [await buildGo(name, program, folder)] });
  }
  return {
    ready,
    missing: withoutGo
      ? { names: needsGo.map(({ name }) => name), reason: "there is no go on the PATH (https://go.dev/dl)" }
      : undefined,
  };
}

/** The columns that are asked for. */
export function columnsOf(name: string | undefined): ClientUnderTest[] {
  return clients.filter((client) => name === undefined || client.name === name);
}
