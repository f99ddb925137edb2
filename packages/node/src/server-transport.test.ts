import { createClient } from "@connectrpc/connect";
import { Code, FalcoError } from "@falco-outputs/core";
import { HealthService, ServingStatus } from "@falco-outputs/core/contract";
import { createTransport } from "@falco-outputs/node/transport";
import { startServer } from "@falco-outputs/server";
import { expect, it, onTestFinished } from "vitest";

it("calls another service of the server", async () => {
  const server = await startServer();
  onTestFinished(() => server.stop());
  const transport = createTransport({ address: server.address });
  onTestFinished(() => transport.close());
  const { status } = await createClient(HealthService, transport).check({});
  expect(status).toBe(ServingStatus.SERVING);
});

it("explains why a call failed, as the client does", async () => {
  const transport = createTransport({ address: "unix:///nowhere/falco.sock" });
  onTestFinished(() => transport.close());
  const call = createClient(HealthService, transport).check({});
  await expect(call).rejects.toBeInstanceOf(FalcoError);
  await expect(call).rejects.toMatchObject({
    code: Code.Unavailable,
    message:
      "Check on unix:///nowhere/falco.sock: there is no such socket: is the server running, and does it listen there?",
  });
});

it("refuses options as the client does", () => {
  expect(() => createTransport({ address: "localhost:5060" })).toThrow(
    'address: "localhost:5060", expected it with tls.ca',
  );
});
