import { Readable } from "node:stream";
import { type Client, createAlert } from "@falco-outputs/core";
import { expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, startServer } from "../index.js";

const secret = "s3cr3t";

/** What is not an alert, in every way that there is, with a secret wherever it is wrong. */
const wrong = [
  secret,
  `Events detected: ${secret}`,
  `10:00:00: ${secret} text`,
  `25:00:00: Notice ${secret}`,
  `{"rule":"r","priority":"${secret}"}`,
  `{"rule":"r","priority":"Notice","time":"${secret}"}`,
  `{"rule":"r","priority":"Notice","${secret}":${secret}}`,
  `{"rule":"r","priority":"Notice","output":"\\x${secret}"}`,
  `{"rule":"r","priority":"Notice","output":"${secret}\t"}`,
  `{"rule":"r","priority":"Notice","output":"${secret}`,
  `{"rule":"r","priority":"Notice"}${secret}"`,
  `{"rule":["${secret}"],"priority":"Notice"}`,
  `{"rule":"r","priority":"Notice",${secret}}`,
  `{"${secret}":${"[".repeat(100)}"${secret}"`,
  `{"rule":"r","priority":"Notice","output":"${secret.repeat(200_000)}"}`,
  secret.repeat(1_000_000),
];

let logged: string[];

async function start(http = false): Promise<FalcoOutputsServer> {
  logged = [];
  const tell = (fields: object, message: string) => {
    logged.push(JSON.stringify([fields, message]));
  };
  const server = await startServer({
    listen: [],
    ...(http && { inputs: { http: ["127.0.0.1:0"] } }),
    logger: { info: tell, warn: tell, error: tell },
  });
  onTestFinished(() => server.stop());
  return server;
}

it.each(wrong)("nothing of a line that is rejected reaches the log: %#", async (line) => {
  const server = await start();
  await server.readLines(Readable.from([`${line}\n`]));
  expect(server.stats().inputs.lines).toEqual({ accepted: 0, rejected: 1 });
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain("rejected what is not an alert");
  expect(logged[0]).not.toContain("s3");
});

it.each(wrong)("nothing of a body that is rejected reaches the log: %#", async (body) => {
  const server = await start(true);
  const { status } = await fetch(server.httpUrl!, { method: "POST", body });
  expect([200, 400, 413]).toContain(status);
  await server.stop();
  expect(logged.join()).not.toContain("s3");
});

it("nothing of another server's alert that is rejected reaches the log", async () => {
  const server = await start();
  const alert = createAlert({ rule: secret, priority: "Notice", output: secret });
  const alerts = [
    Object.assign(alert, { priority: -333_333_333_333 }),
    createAlert({ rule: "r", priority: "Notice", output: secret.repeat(200_000) }),
  ];
  const client = { sub: () => ({ batches: () => [alerts] }) } as unknown as Client;
  await server.readAlerts(client, { name: "other" });
  expect(server.stats().inputs["grpc:other"]).toEqual({ accepted: 0, rejected: 2 });
  await server.stop();
  expect(logged).toHaveLength(2);
  expect(logged.join()).toContain("rejected what is not an alert");
  expect(logged.join()).not.toMatch(/s3|333/);
});
