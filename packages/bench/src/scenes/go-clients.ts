import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../process/processes.js";
import { runProgram } from "../process/program.js";
import { clientsOf } from "./clients-of.js";

const ourModule = fileURLToPath(new URL("../../../go", import.meta.url));
const clientGoModule = fileURLToPath(new URL("../../clients/client-go", import.meta.url));

export const goClients = clientsOf({
  name: "go-clients",
  language: "Go",
  about:
    "with our client's `for range client.Sub`, and with client-go, its `Get` and its `OutputsWatch`. Starting the process is not measured. It needs Go on the PATH.",
  alerts: 50_000,
  async build() {
    const falcoGo = await build("falco-go", ourModule, "./internal/drain");
    const clientGo = await build("client-go", clientGoModule, ".");
    return {
      "falco-outputs, Go": [falcoGo],
      "client-go, Get": [clientGo, "get"],
      "client-go, OutputsWatch": [clientGo, "watch"],
    };
  },
});

async function build(name: string, module: string, packagePath: string): Promise<string> {
  const program = join(temporaryFolder(), name);
  await runProgram("go", ["build", "-buildvcs=false", "-o", program, packagePath], { cwd: module });
  return program;
}
