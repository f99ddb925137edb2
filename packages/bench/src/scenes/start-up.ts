import type { ChildProcess } from "node:child_process";
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { HealthService, ServingStatus } from "@falco-outputs/core/contract";
import { measureRounds } from "../measure/rounds.js";
import { command, msToEnd, startNode } from "../process/node.js";
import { kill } from "../process/processes.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { unixSocket } from "./listeners.js";

const serve = "falco-outputs serve";
const lookMs = 1;
const timeoutMs = 30_000;

export const startUp: Scene = {
  name: "start-up",
  title: "Start-up, to the first answer",
  about:
    "From spawn until a health check over gRPC is answered with SERVING. Beside it what Node needs by itself, from spawn to its end, with nothing to do.",
  async run(extent) {
    const contestants = [
      { name: serve, run: async () => ({ ms: await serveMs() }) },
      { name: "node", run: async () => ({ ms: await msToEnd("--eval", "0") }) },
    ];
    const measured = await measureRounds(contestants, extent);
    return toResult(measured, firstAgainstOthers(measured));
  },
};

async function serveMs(): Promise<number> {
  const { path } = unixSocket();
  const startMs = performance.now();
  const child = startNode(command, "serve", "--listen", path, "--http", "127.0.0.1:0");
  try {
    await listening(child, path);
    const nodeOptions = { createConnection: () => connect(path) };
    const transport = createGrpcTransport({ baseUrl: "http://localhost", nodeOptions });
    const { status } = await createClient(HealthService, transport).check({});
    const ms = performance.now() - startMs;
    if (status !== ServingStatus.SERVING) throw new Error(`${serve} answered with health status ${status}`);
    return ms;
  } finally {
    await kill(child);
  }
}

/** Waits until the process takes connections. */
async function listening(child: ChildProcess, path: string): Promise<void> {
  for (const untilMs = performance.now() + timeoutMs; !(await accepts(path)); ) {
    if (child.exitCode !== null) throw new Error(`${serve} ended with exit status ${child.exitCode}`);
    if (performance.now() > untilMs) throw new Error(`${serve} does not listen after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true));
    socket.once("error", () => resolve(false)).once("connect", () => socket.destroy());
  });
}
