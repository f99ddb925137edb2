import { type ClientUnderTest, clients } from "./clients.js";
import { buildGo, hasGo } from "./go-program.js";
import { interpreterOf } from "./python-program.js";
import { buildCrate, hasCargo } from "./rust-program.js";

/** A client whose testee can be started. */
export interface ReadyClient extends ClientUnderTest {
  /** The testee's program and its arguments. */
  command: readonly [string, ...string[]];
}

/** Clients that this machine lacks something for. */
export interface Missing {
  names: string[];
  reason: string;
}

export interface Readiness {
  ready: ReadyClient[];
  missing: Missing[];
}

/** Builds what needs building, Go programs into a folder. @throws Error if that fails. */
export async function makeReady(columns: readonly ClientUnderTest[], folder: string): Promise<Readiness> {
  const withoutGo: Missing = { names: [], reason: "there is no go on the PATH (https://go.dev/dl)" };
  const withoutCargo: Missing = { names: [], reason: "there is no cargo on the PATH (https://rustup.rs)" };
  const withoutPython: Missing = { names: [], reason: "" };
  const [go, cargo] = await Promise.all([hasGo(), hasCargo()]);
  const ready: ReadyClient[] = [];
  for (const client of columns) {
    const { name, program } = client;
    if ("package" in program) {
      if (go) ready.push({ ...client, command: [await buildGo(name, program, folder)] });
      else withoutGo.names.push(name);
    } else if ("crate" in program) {
      if (cargo) ready.push({ ...client, command: [await buildCrate(program)] });
      else withoutCargo.names.push(name);
    } else if ("environment" in program) {
      const { path, lacks } = await interpreterOf(program);
      if (path !== undefined) ready.push({ ...client, command: [path, program.script, ...program.args] });
      else withoutPython.names.push(name);
      withoutPython.reason ||= lacks ?? "";
    } else {
      ready.push({ ...client, command: program });
    }
  }
  return { ready, missing: [withoutGo, withoutCargo, withoutPython].filter(({ names }) => names.length > 0) };
}

/** The columns that are asked for. */
export function columnsOf(name: string | undefined): ClientUnderTest[] {
  return clients.filter((client) => name === undefined || client.name === name);
}
