import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { publish, serve } from "./test-server.js";

const total = 1_000;
/** So many alerts have to be handled before the worker is replaced. */
const handledFirst = 300;
const patience = { timeout: 30_000, interval: 5 };

/** A worker in a process of its own, and what it has handled. */
function deploy(address: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "worker-process.mjs"), address]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "close");
  const handled: bigint[] = [];
  let errors = "";
  createInterface(child.stdout).on("line", (line) => handled.push(BigInt(line)));
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const [status] = await closed;
    return { status, errors };
  };
  return { handled, stop };
}

it("handles every alert once when a worker with slow handlers is replaced", async () => {
  const server = await serve();
  const old = deploy(server.address);
  await server.waitForSubscribers(1);
  const sequences = await publish(server, { count: total });
  await expect.poll(() => old.handled.length, patience).toBeGreaterThanOrEqual(handledFirst);
  const stopped = old.stop();
  const replacement = deploy(server.address);
  expect(await stopped).toEqual({ status: 0, errors: "" });
  expect(old.handled.length).toBeLessThan(total);
  await expect
    .poll(() => server.stats().groups.tickets, patience)
    .toMatchObject({ waiting: 0, delivered: total, lost: 0 });
  expect(await replacement.stop()).toEqual({ status: 0, errors: "" });
  const handled = [...old.handled, ...replacement.handled].sort((a, b) => Number(a - b));
  expect(handled).toEqual(sequences);
}, 60_000);
