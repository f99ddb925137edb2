import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatagramSender, type Logger } from "@falco-outputs/server";
import { lacks } from "@falco-outputs/testing";
import { DgramSocket } from "node-unix-socket";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { endRuns, Run } from "../../testing/run.js";
import { ServiceManager } from "./service-manager.js";

const ignore = () => undefined;
const silent: Logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };

let folder: string;
let path: string;
/** What systemd would have received. */
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "service-manager-"));
  path = join(folder, "notify");
  told = [];
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

function listen(): void {
  const socket = new DgramSocket();
  onTestFinished(() => socket.close());
  socket.on("data", (datagram: Buffer) => told.push(datagram.toString()));
  socket.bind(path);
}

const listenFlags = () => ["--listen", join(folder, "falco.sock"), "--http", join(folder, "input.sock")];
const serve = (env: NodeJS.ProcessEnv, ...flags: string[]) =>
  new Run(["serve", ...(flags.length > 0 ? flags : listenFlags())], env);
const ready = () => `READY=1\nSTATUS=serving on unix://${folder}/falco.sock, unix://${folder}/input.sock`;

it("tells that it is ready, reloads and stops", async () => {
  listen();
  const run = serve({ NOTIFY_SOCKET: path });
  await expect.poll(() => told).toEqual([ready()]);
  for (const signal of ["SIGHUP", "SIGUSR1"] as const) {
    told.length = 0;
    run.child.kill(signal);
    await expect
      .poll(() => told)
      .toEqual([expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/), ready()]);
  }
  const [, reloadedAt] = /MONOTONIC_USEC=(\d+)/.exec(told[0]!)!;
  // Of the same clock.
  expect(process.hrtime.bigint() / 1_000n).toBeGreaterThanOrEqual(BigInt(reloadedAt!));
  told.length = 0;
  run.child.kill("SIGTERM");
  expect(await run.status).toBe(0);
  await expect.poll(() => told).toEqual(["STOPPING=1\nSTATUS=the outputs write what they hold"]);
});

it("gives signs of life to a watchdog, and not to that of another process", async () => {
  listen();
  const run = serve({ NOTIFY_SOCKET: path, WATCHDOG_USEC: "40000" });
  await expect.poll(() => told.filter((text) => text === "WATCHDOG=1").length).toBeGreaterThan(2);
  run.child.kill("SIGTERM");
  await run.status;

  told.length = 0;
  const other = serve({ NOTIFY_SOCKET: path, WATCHDOG_USEC: "1000", WATCHDOG_PID: "1" });
  await expect.poll(() => told).toContain(ready());
  other.child.kill("SIGTERM");
  await other.status;
  await expect.poll(() => told.at(-1)).toMatch(/^STOPPING=1/);
  expect(told).not.toContain("WATCHDOG=1");
});

it("does not tell that it is ready if it cannot start", async () => {
  listen();
  const run = serve(
    { NOTIFY_SOCKET: path },
    "--listen",
    "/dev/null/falco.sock",
    "--http",
    join(folder, "input.sock"),
  );
  expect(await run.status).toBe(1);
  const socket = new DgramSocket();
  socket.sendTo(Buffer.from("last"), 0, 4, path);
  await expect.poll(() => told).toEqual(["last"]);
  socket.close();
});

it("keeps the socket from programs that it starts", async () => {
  listen();
  const config = join(folder, "config.yaml");
  writeFileSync(
    config,
    `
grpc: { bind_address: "unix://${folder}/falco.sock" }
inputs: { http: { bind_address: "unix://${folder}/input.sock" } }
program_output: { enabled: true, program: "env > ${folder}/env" }
`,
  );
  const run = serve({ NOTIFY_SOCKET: path, WATCHDOG_USEC: "60000000" }, "--config", config);
  await expect.poll(() => told).toEqual([ready()]);
  const alert = JSON.stringify({ rule: "R", priority: "Notice", output: "a" });
  const env = { FALCO_OUTPUTS_INPUT: join(folder, "input.sock") };
  const forward = new Run(["forward"], env);
  forward.child.stdin.end(alert);
  expect(await forward.status).toBe(0);
  run.child.kill("SIGTERM");
  expect(await run.status).toBe(0);
  expect(readFileSync(join(folder, "env"), "utf8")).not.toMatch(/^(NOTIFY|WATCHDOG)_/m);
});

it.each([
  ["nobody listens there", () => path, "No such file or directory"],
  ["it is an abstract socket", () => "@notify", undefined],
])("serves all the same if %s", async (_, socket, reason) => {
  const run = serve({ NOTIFY_SOCKET: socket() });
  await run.logged("ready");
  const message =
    reason === undefined ? "systemd cannot be told: NOTIFY_SOCKET is not a path" : "systemd cannot be told";
  expect(await run.logged(message)).toMatchObject(reason === undefined ? { socket: "@notify" } : { reason });
  run.child.kill("SIGTERM");
  expect(await run.status).toBe(0);
});

it("tells later what systemd has no room for", async () => {
  listen();
  // Until this process returns to its event loop, the receiver takes only what its queue holds.
  const filler = new DatagramSender(path);
  onTestFinished(() => filler.close());
  while (filler.send(Buffer.from("other"))) {}
  using manager = new ServiceManager(path, undefined, silent);
  manager.ready("first");
  manager.stopping("second");
  const ours = () => told.filter((text) => text !== "other");
  expect(ours()).toEqual([]);
  await expect.poll(ours).toEqual(["READY=1\nSTATUS=first", "STOPPING=1\nSTATUS=second"]);
});

const unit = new URL("../../../../../deploy/systemd/falco-outputs.service", import.meta.url);
const isMissing = lacks(
  "systemd-analyze",
  spawnSync("systemd-analyze", ["--version"]).error === undefined,
  "apt-get install systemd",
);
it.skipIf(isMissing)(
  "has a unit that systemd takes, with a command line that this command takes",
  async () => {
    const text = readFileSync(unit, "utf8");
    const copy = join(folder, "falco-outputs.service");
    writeFileSync(copy, text);
    expect(
      execFileSync("systemd-analyze", ["verify", "--man=no", copy], { encoding: "utf8", stdio: "pipe" }),
    ).toBe("");
    const [, args] = /^ExecStart=\/usr\/bin\/env falco-outputs serve (.*)$/m.exec(text)!;
    listen();
    const here = args!.replaceAll("/run/falco/", `${folder}/`).replace("127.0.0.1:5061", "127.0.0.1:0");
    serve({ NOTIFY_SOCKET: path }, ...here.split(" "));
    await expect
      .poll(() => told)
      .toEqual([expect.stringContaining(`READY=1\nSTATUS=serving on unix://${folder}/falco.sock, `)]);
  },
);
