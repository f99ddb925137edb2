import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A testee in Python, which runs in a virtual environment. */
export interface PythonProgram {
  /** Which of those that packages/python makes. */
  environment: "development" | "client-py";
  script: string;
  args: readonly string[];
}

const environments = fileURLToPath(new URL("../../python/scripts/environment.mjs", import.meta.url));
/** The exit status of that script where the machine lacks something; it prints what. */
const lacking = 3;

/** The interpreter of an environment, or what this machine lacks to make it. */
export interface Interpreter {
  path?: string;
  lacks?: string;
}

const made = new Map<string, Promise<Interpreter>>();

/** Makes the environment, if it is not there. @throws Error if that fails. */
export function interpreterOf({ environment }: PythonProgram): Promise<Interpreter> {
  let interpreter = made.get(environment);
  if (interpreter === undefined) {
    interpreter = make(environment);
    made.set(environment, interpreter);
  }
  return interpreter;
}

function make(environment: string): Promise<Interpreter> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [environments, environment], (error, stdout, stderr) => {
      if (error === null) resolve({ path: stdout.trim() });
      else if (error.code === lacking) resolve({ lacks: stdout.trim() });
      else reject(new Error(`${environments} ${environment} failed: ${stderr}`));
    });
  });
}
