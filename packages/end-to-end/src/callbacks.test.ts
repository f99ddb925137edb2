import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished } from "vitest";
import { clientOf, scratchFolder, serve, startOldFalco } from "./test-server.js";

const patience = { timeout: 10_000, interval: 1 };
const reconnect = { initialDelayMs: 1, maxDelayMs: 5, waitOnFirstConnect: true };

describe("what onStatus throws", () => {
  it.each(["connecting", "connected"])(
    "ends a stream of Falco's own server with all its timers, so that the process ends by itself: %s",
    async (type) => {
      const falco = await startOldFalco(scratchFolder());
      falco.raise("one");
      const program = `
        import { createClient } from "@falco-outputs/node";
        const thrown = new Error("a bug of the caller's");
        const onStatus = ({ type }) => {
          if (type === ${JSON.stringify(type)}) throw thrown;
        };
        const client = createClient({ address: ${JSON.stringify(falco.address)} });
        const stream = client.sub({ pollIntervalMs: 5, onStatus });
        const reason = await stream[Symbol.asyncIterator]().next().catch((reason) => reason);
        console.log(reason === thrown);
      `;
      const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
        cwd: import.meta.dirname,
        stdio: ["ignore", "pipe", "inherit"],
      });
      onTestFinished(() => void child.kill());
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
      expect(await once(child, "close")).toEqual([0, null]);
      expect(output).toBe("true\n");
    },
  );

  it("ends a stream of our server: it has no subscriber any more", async () => {
    const server = await serve();
    const thrown = new Error("a bug of the caller's");
    const stream = clientOf(server.address).sub({
      broadcast: true,
      onStatus: ({ type }) => {
        if (type === "connected") throw thrown;
      },
    });
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toBe(thrown);
    await server.waitForSubscribers(0);
  });
});

describe("what an interceptor throws", () => {
  /** Throws on each call after the first so many. */
  const throwingAfter =
    (calls: number, thrown: unknown): Interceptor =>
    (next) =>
    (request) => {
      if (calls-- <= 0) throw thrown;
      return next(request);
    };

  it.each([
    new TypeError("undefined is not a function"),
    Object.assign(new Error("open token: no such file"), { code: "ENOENT" }),
    "a string",
    new ConnectError("not allowed", Code.PermissionDenied),
  ])("reaches the caller as it is, and is not tried again: %s", async (thrown) => {
    const server = await serve();
    const client = clientOf(server.address, { interceptors: [throwingAfter(0, thrown)] });
    await expect(client.version()).rejects.toBe(thrown);
    for (const options of [{ reconnect }, { reconnect, broadcast: true as const }]) {
      await expect(client.sub(options)[Symbol.asyncIterator]().next()).rejects.toBe(thrown);
    }
    await expect(client.get()[Symbol.asyncIterator]().next()).rejects.toBe(thrown);
  });

  it("ends a stream that comes back", async () => {
    const listen = [join(scratchFolder(), "falco.sock")];
    const first = await serve({ listen });
    const thrown = new TypeError("undefined is not a function");
    const client = clientOf(first.address, { interceptors: [throwingAfter(1, thrown)] });
    const next = client.sub({ reconnect })[Symbol.asyncIterator]().next();
    next.catch(() => undefined);
    await first.waitForSubscribers(1);
    await first.stop();
    await expect(next).rejects.toBe(thrown);
  });

  it("is tried again if it says so by its code", async () => {
    const server = await serve();
    let failures = 3;
    const flaky: Interceptor = (next) => (request) => {
      if (failures-- > 0) throw new ConnectError("the token service is away", Code.Unavailable);
      return next(request);
    };
    const client = clientOf(server.address, { interceptors: [flaky] });
    const next = client.sub({ reconnect })[Symbol.asyncIterator]().next();
    await server.waitForSubscribers(1);
    await server.publish({ rule: "r", priority: "Notice" });
    expect((await next).value?.rule).toBe("r");
  });

  it("while it reads alerts or writes requests reaches the caller as it is", async () => {
    const server = await serve();
    await server.publish({ rule: "r", priority: "Notice" });
    const thrown = new TypeError("undefined is not a function");
    async function* broken<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
      for await (const message of messages) {
        if (message !== undefined) throw thrown;
        yield message;
      }
    }
    const responses: Interceptor = (next) => async (request) => {
      const response = await next(request);
      return response.stream ? { ...response, message: broken(response.message) } : response;
    };
    const requests: Interceptor = (next) => (request) =>
      next(request.stream ? { ...request, message: broken(request.message) } : request);
    for (const interceptor of [responses, requests]) {
      const client = clientOf(server.address, { interceptors: [interceptor] });
      const next = client.sub({ reconnect })[Symbol.asyncIterator]().next();
      await expect(next).rejects.toBe(thrown);
    }
    await server.waitForSubscribers(0);
  });

  it("is not taken for an error of the call that it passes on, wrapped or not", async () => {
    const listen = [join(scratchFolder(), "falco.sock")];
    let wraps = false;
    const passing: Interceptor = (next) => async (request) => {
      try {
        return await next(request);
      } catch (cause) {
        throw wraps ? new Error("the call failed", { cause }) : cause;
      }
    };
    const client = clientOf(`unix://${listen[0]}`, { interceptors: [passing] });
    const statuses: string[] = [];
    const onStatus = ({ type }: { type: string }) => statuses.push(type);
    const next = client.sub({ reconnect, onStatus })[Symbol.asyncIterator]().next();
    const failed = () => statuses.filter((type) => type === "disconnected").length;
    await expect.poll(failed, patience).toBeGreaterThan(2);
    wraps = true;
    const before = failed();
    await expect.poll(failed, patience).toBeGreaterThan(before + 2);
    const server = await serve({ listen });
    await server.waitForSubscribers(1);
    await server.publish({ rule: "r", priority: "Notice" });
    expect((await next).value?.rule).toBe("r");
  });
});
