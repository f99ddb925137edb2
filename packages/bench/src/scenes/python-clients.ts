import { fileURLToPath } from "node:url";
import { runProgram } from "../process/program.js";
import { clientsOf } from "./clients-of.js";

const python = new URL("../../../python/", import.meta.url);
const environment = fileURLToPath(new URL("scripts/environment.mjs", python));
const throughput = fileURLToPath(new URL("benchmarks/throughput.py", python));

export const pythonClients = clientsOf({
  name: "python-clients",
  language: "Python",
  about:
    "with `sub` of our clients, `AsyncClient` and `Client`, and with bare loops over their own stubs, which ask for the same. Starting the process is not measured. It needs Python 3.11 or later.",
  alerts: 20_000,
  async build() {
    const interpreter = (await runProgram(process.execPath, [environment, "development"])).trim();
    return {
      "falco-outputs, Python": [interpreter, throughput, "async"],
      "bare loop, Python": [interpreter, throughput, "bare-async"],
      "falco-outputs, Python sync": [interpreter, throughput, "sync"],
      "bare loop, Python sync": [interpreter, throughput, "bare-sync"],
    };
  },
  compare: () => [
    ["falco-outputs, Python", "bare loop, Python"],
    ["falco-outputs, Python sync", "bare loop, Python sync"],
  ],
});
