import { Readable } from "node:stream";
import { createClient, type PriorityLike, priorityNames } from "@falco-outputs/core";
import { expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, startServer } from "./index.js";
import { countsOf, folder, numbersInFile } from "./outputs/testing/serve.js";

const lines = priorityNames.map((priority, number) => JSON.stringify({ rule: String(number), priority }));

/** A server with a file output, and the path of the file. */
async function start(priority?: PriorityLike): Promise<{ server: FalcoOutputsServer; filename: string }> {
  const filename = `${folder()}/alerts`;
  const outputs = { file: { filename }, format: { json: true } };
  const server = await startServer({ listen: [], outputs, ...(priority !== undefined && { priority }) });
  onTestFinished(() => server.stop());
  return { server, filename };
}

async function rulesIn(server: FalcoOutputsServer): Promise<number[]> {
  const rules: number[] = [];
  for await (const alert of createClient({ transport: server.transport() }).get())
    rules.push(Number(alert.rule));
  return rules;
}

it.each([
  ["emergency", [0]],
  ["Warning", [0, 1, 2, 3, 4]],
  ["info", [0, 1, 2, 3, 4, 5, 6]],
  [undefined, [0, 1, 2, 3, 4, 5, 6, 7]],
] as const)(
  "lets alerts of at least the priority %s through, to gRPC and to outputs",
  async (priority, expected) => {
    const { server, filename } = await start(priority);
    await server.readLines(Readable.from([`${lines.join("\n")}\n`]));
    await countsOf(server, "file", { written: expected.length, waiting: 0 });
    expect(await rulesIn(server)).toEqual(expected);
    expect(numbersInFile(filename)).toEqual(expected);
    expect(server.stats().outputs).toMatchObject({ grpc: { written: expected.length } });
  },
);

it("returns 0 for an alert that is not severe enough, and appends nothing", async () => {
  const { server } = await start("error");
  expect(await server.publish({ rule: "8", priority: "Warning" })).toBe(0n);
  expect(await server.publish(lines[7]!)).toBe(0n);
  expect(server.stats()).toMatchObject({ appended: 0, outputs: { file: { written: 0, waiting: 0 } } });
  expect(await server.publish(lines[3]!)).toBeGreaterThan(0n);
  await countsOf(server, "file", { written: 1 });
});

it("refuses an unknown priority", async () => {
  await expect(startServer({ listen: [], priority: "loud" as PriorityLike })).rejects.toThrow(
    'priority: "loud", expected one of Emergency',
  );
});
