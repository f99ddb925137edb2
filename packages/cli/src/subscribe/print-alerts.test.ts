import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { type Alert, createAlert } from "@falco-outputs/node";
import { expect, it } from "vitest";
import { createPrinter } from "../print/create-printer.js";
import { LineWriter } from "../print/line-writer.js";
import { printAlerts } from "./print-alerts.js";

async function* cutShort(): AsyncGenerator<Alert> {
  yield createAlert({ rule: "R", priority: "Notice" });
  throw new Error("cut short");
}

it("prints what a table holds before it tells that the rest is missing", async () => {
  const stream = new PassThrough();
  const printer = createPrinter({
    format: undefined,
    columns: "rule",
    timeFormat: "rfc3339",
    color: false,
    isLive: false,
  });
  const writer = new LineWriter(stream as unknown as NodeJS.WriteStream);
  await expect(printAlerts(cutShort(), { printer, writer, count: 9 })).rejects.toThrow("cut short");
  stream.end();
  expect(await text(stream)).toBe("RULE\nR\n");
});
