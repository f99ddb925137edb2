import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import type { OutputsOptions } from "../index.js";
import { Receiver } from "./testing/receiver.js";
import { countsOf, folder, numbersInFile, publishNumbered, serve, upTo } from "./testing/serve.js";

const json = { json: true };

it("gives each receiver the alerts that it is for, and counts under each one's name", async () => {
  await using slack = await Receiver.start();
  await using archive = await Receiver.start();
  await using rest = await Receiver.start();
  const urlOf = ({ port }: Receiver) => `http://127.0.0.1:${port}/`;
  const { server } = await serve({
    format: json,
    http: [
      { name: "slack", url: urlOf(slack), priority: "critical" },
      { url: urlOf(archive) },
      {
        name: "rest",
        url: urlOf(rest),
        priority: "notice",
        allow: [{ tags: ["network"] }, { fields: { "k8s.ns.name": "shop*" } }],
        deny: [{ rules: ["Noisy*"] }],
      },
    ],
  });
  const alerts = [
    { rule: "a", priority: "Emergency" },
    { rule: "b", priority: "Notice", tags: ["network"] },
    { rule: "c", priority: "Debug", tags: ["network"] },
    { rule: "d", priority: "Critical", output_fields: { "k8s.ns.name": "shopping" } },
    { rule: "Noisy one", priority: "Notice", tags: ["network"] },
  ];
  for (const alert of alerts) await server.publish(JSON.stringify(alert));
  await countsOf(server, "http:slack", { written: 2, filtered: 3, failed: 0, dropped: 0, waiting: 0 });
  await countsOf(server, "http", { written: 5 });
  await countsOf(server, "http:rest", { written: 2, filtered: 3 });
  expect(server.stats().outputs.http).not.toHaveProperty("filtered");
  const rulesOf = ({ bodies }: Receiver) => bodies.map((body) => JSON.parse(body).rule);
  expect([slack, archive, rest].map(rulesOf)).toEqual([
    ["a", "d"],
    alerts.map(({ rule }) => rule),
    ["b", "d"],
  ]);
});

it("chooses among alerts that arrive together, for files, programs and stdout", async () => {
  const path = folder();
  const stream = new PassThrough();
  const fileAt = (name: string) => join(path, name);
  const { server } = await serve({
    format: json,
    file: [
      { name: "odd", filename: fileAt("odd"), deny: [{ rules: ["*0", "*2", "*4", "*6", "*8"] }] },
      { name: "all", filename: fileAt("all") },
    ],
    program: [
      { name: "tens", program: `cat >> ${fileAt("tens")}`, keepAlive: true, allow: [{ rules: ["*0"] }] },
      { name: "none", program: `cat >> ${fileAt("none")}`, priority: "error" },
    ],
    stdout: { stream, allow: [{ rules: ["7*"] }] },
  });
  const lines = new PassThrough();
  const read = server.readLines(lines);
  lines.end(
    upTo(100)
      .map((rule) => `{"rule":"${rule}","priority":"Notice"}\n`)
      .join(""),
  );
  await read;
  await publishNumbered(server, 20, "", 100);
  await server.stop();
  expect(numbersInFile(fileAt("odd"))).toEqual(upTo(120).filter((number) => number % 2 === 1));
  expect(numbersInFile(fileAt("all"))).toEqual(upTo(120));
  expect(numbersInFile(fileAt("tens"))).toEqual(upTo(12).map((number) => number * 10));
  expect(String(stream.read()).split("\n")).toHaveLength(12);
  expect(server.stats().outputs).toMatchObject({
    "file:odd": { written: 60, filtered: 60 },
    "program:tens": { written: 12, filtered: 108 },
    "program:none": { written: 0, filtered: 120 },
    stdout: { written: 11, filtered: 109 },
  });
});

const url = "http://receiver.example/";

it.each<[string, OutputsOptions, string]>([
  [
    "two without a name",
    { http: [{ url }, { url }] },
    "outputs.http[1].name: missing, expected a name, since there are several",
  ],
  [
    "one name for two",
    {
      http: [
        { name: "a", url },
        { name: "a", url },
      ],
    },
    'outputs.http[1].name: "a", expected each name only once',
  ],
  [
    "a name with a space",
    { http: { name: "a b", url } },
    'outputs.http.name: "a b", expected 1 to 64 letters, digits, dots, _ and -',
  ],
  [
    "a priority that is none",
    { http: [{ url }, { name: "a", url, priority: "loud" as "error" }] },
    'outputs.http[1].priority: "loud", expected ',
  ],
  [
    "an empty filter",
    { stdout: { deny: [{ rules: ["a"] }, {}] } },
    "outputs.stdout.deny[1]: expected a filter: an empty filter, which every alert would match",
  ],
  [
    "a filter's priority that is none",
    { file: [{ filename: "x", allow: [{ minPriority: "loud" as "error" }] }] },
    'outputs.file[0].allow[0].minPriority: "loud", expected ',
  ],
  [
    "an option of one in a list",
    { http: [{ url }, { name: "a", url: "ftp://x" }] },
    'outputs.http[1].url: "ftp:…", expected http://host/path or https://host/path',
  ],
])("refuses %s", async (_, options, message) => {
  await expect(serve(options)).rejects.toThrow(message);
});
