import { fileURLToPath } from "node:url";
import { runProgram } from "../process/program.js";
import { clientsOf } from "./clients-of.js";

const workspace = fileURLToPath(new URL("../../../rust", import.meta.url));
const program = "throughput";

export const rustClients = clientsOf({
  name: "rust-clients",
  language: "Rust",
  about:
    "with our client's `sub`, and with a bare loop over its own stubs, which asks for the same. Starting the process is not measured. It needs cargo on the PATH.",
  alerts: 100_000,
  async build() {
    const path = await build();
    return { "falco-outputs, Rust": [path, "client"], "bare loop, Rust": [path, "stubs"] };
  },
});

/** Cargo puts a hash into the program's name, so it has to say it. */
async function build(): Promise<string> {
  const printed = await runProgram(
    "cargo",
    ["bench", "--quiet", "--locked", "--no-run", "--bench", program, "--message-format", "json"],
    { cwd: workspace },
  );
  const artifacts = printed
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { target?: { name: string }; executable?: string | null });
  const path = artifacts.find(({ target, executable }) => target?.name === program && executable)?.executable;
  if (path == null) throw new Error(`cargo built no ${program}`);
  return path;
}
