import { expect, it } from "vitest";
import { clientOf, serve } from "./test-server.js";

it("takes the longest deadline that it allows over a real connection", async () => {
  const server = await serve({ falco: { version: "0.44.1" } });
  const client = clientOf(server.address, { connectTimeoutMs: 99_999_999 });
  expect((await client.version({ timeoutMs: 99_999_999 })).version).toBe("0.44.1");
  const next = client.sub({ broadcast: true, timeoutMs: 99_999_999 })[Symbol.asyncIterator]().next();
  await server.waitForSubscribers(1);
  await server.publish({ rule: "r", priority: "Notice" });
  expect((await next).value?.rule).toBe("r");
});
