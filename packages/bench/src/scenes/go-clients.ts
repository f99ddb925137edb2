import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measureRounds } from "../measure/rounds.js";
import { Cast } from "../process/cast.js";
import { temporaryFolder } from "../process/processes.js";
import { runProgram } from "../process/program.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { drainingProgram } from "./draining-program.js";
import { unixSocket } from "./listeners.js";
import { ours, startServer } from "./pairs.js";

const alerts = 50_000;
const ourModule = fileURLToPath(new URL("../../../go", import.meta.url));
const clientGoModule = fileURLToPath(new URL("../../clients/client-go", import.meta.url));

export const goClients: Scene = {
  name: "go-clients",
  title: "Clients in Go, unix socket",
  about:
    "A new process a run takes alerts from the shared queue of our server: with our client's `for range client.Sub`, and with client-go, its `Get` and its `OutputsWatch`. Starting the process is not measured. It needs Go on the PATH.",
  async run(extent) {
    await using cast = new Cast();
    const count = extent.amount(alerts);
    const server = {
      ...(await startServer(cast, ours, unixSocket(), { ...extent, amount: () => 0 })),
      count,
    };
    extent.progress("building");
    const falcoGo = await build("falco-go", ourModule, "./internal/drain");
    const clientGo = await build("client-go", clientGoModule, ".");
    const measured = await measureRounds(
      [
        drainingProgram("falco-outputs, Go", server, count, [falcoGo]),
        drainingProgram("client-go, Get", server, count, [clientGo, "get"]),
        drainingProgram("client-go, OutputsWatch", server, count, [clientGo, "watch"]),
      ],
      extent,
    );
    return toResult(measured, firstAgainstOthers(measured));
  },
};

async function build(name: string, module: string, packagePath: string): Promise<string> {
  const program = join(temporaryFolder(), name);
  await runProgram("go", ["build", "-buildvcs=false", "-o", program, packagePath], { cwd: module });
  return program;
}
