import { encodeLine } from "@falco-outputs/core/codec";
import { fixtureLines } from "@falco-outputs/testing";
import { describe, expect, it } from "vitest";
import { written, writtenOf } from "../testing/written.js";

const lines = fixtureLines("alerts.jsonl");
const texts = fixtureLines("alerts.txt").slice(0, 4);
const time = "2026-06-02T09:14:09.000000001Z";

/** How Falco writes a time before a text: of the local clock. */
function clock(iso: string): string {
  const date = new Date(iso);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return `${parts.map((part) => String(part).padStart(2, "0")).join(":")}.${/\.(\d+)/.exec(iso)![1]!.padEnd(9, "0")}`;
}

describe("text from text", () => {
  it("is what Falco wrote, byte for byte, with whatever is in it", async () => {
    expect(await writtenOf(texts)).toEqual(texts);
    expect((await written({ stream: [texts.join("\r\n")] })).map(String)).toEqual(texts);
    const odd = Buffer.concat([
      Buffer.from("09:15:31.5: Critical \u001b[1m "),
      Buffer.from([0xff, 0xc3]),
      Buffer.from("\t \n"),
    ]);
    expect(await written({ stream: [odd] })).toEqual([odd.subarray(0, -1)]);
    expect((await written({ published: ["09:15:31.5: Critical spaces  \r\n"] })).map(String)).toEqual([
      "09:15:31.5: Critical spaces  ",
    ]);
  });

  it("has the time as it is told", async () => {
    const iso = await writtenOf(texts, { timeFormatIso8601: true });
    expect(iso[1]).toBe(texts[1]);
    expect(iso[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:07\.123456789\+0000: Notice A shell was spawned in/);
    const local = await writtenOf(texts, { timeFormatIso8601: false });
    expect(local[0]).toBe(texts[0]);
    expect(local[1]).toBe(`${clock(time)}${texts[1]!.slice("2026-06-02T09:14:09.000000001+0000".length)}`);
  });
});

describe("text from JSON", () => {
  const alerts = lines.map((line) => JSON.parse(line));

  it("is the output of a rule's alert", async () => {
    for (const [index, text] of (await writtenOf(lines)).entries()) {
      const { source, output, message, priority, time } = alerts[index];
      if (source === "internal") continue;
      expect(text).toBe(output ?? `${clock(time)}: ${priority} ${message}`);
    }
  });

  it("is, for Falco's internal alerts, the text followed by the fields", async () => {
    const internal = (await writtenOf(lines)).filter((_, index) => alerts[index].source === "internal");
    expect(internal).toEqual([
      `${clock("2026-06-02T09:16:05.000000000Z")}: Debug Falco internal: syscall event drop. 42 system calls dropped in last second. (ebpf_enabled="1" n_drops="42" n_drops_buffer_total="42" n_evts="123456")`,
      `${clock("2026-06-02T09:17:00.000000000Z")}: Informational Falco metrics snapshot (evt.time=1780391820000000000 falco.cpu_usage_perc=2.4 falco.duration_sec=3600 falco.memory_rss_mb=71.5 falco.num_evts=18446744073709551615 falco.version="0.44.1" scap.evts_drop_rate_sec=0.0)`,
      `${clock("2026-06-02T09:17:30.000000000Z")}: Critical Falco internal: hot restart failure ()`,
    ]);
  });

  it("has the time as it is told, one way and the other", async () => {
    const iso = await writtenOf(lines, { timeFormatIso8601: true });
    expect(iso[0]).toMatch(/^2026-06-02T09:14:07\.123456789\+0000: Notice A shell/);
    expect(iso[8]).toBe(
      "2026-06-02T09:17:30.000000000+0000: Critical Falco internal: hot restart failure ()",
    );
    expect(iso[10]).toMatch(/^2026-06-02T09:18:01\.000000000\+0000: Emergency Bulk data/);
    const line = JSON.stringify({
      rule: "r",
      priority: "Error",
      output: `${time.replace("Z", "+0000")}: Error text`,
      time,
    });
    expect(await writtenOf([line])).toEqual([`${time.replace("Z", "+0000")}: Error text`]);
    expect(await writtenOf([line], { timeFormatIso8601: false })).toEqual([`${clock(time)}: Error text`]);
  });

  it("keeps an alert on one line, and control characters from terminals, but tabs", async () => {
    for (const output of [
      "a\nb\r\u001b[31m\u0000\u007f\u0085\tc\u00a0é🦅",
      "09:14:09.5: Error a\nb\r\u001b[31m\u0000\u007f\u0085\tc\u00a0é🦅",
    ]) {
      const line = JSON.stringify({ rule: "r", priority: "Error", output, time });
      const prefix = output.startsWith("09") ? "09:14:09.5" : clock(time);
      expect(await writtenOf([line, line])).toEqual(
        Array(2).fill(`${prefix}: Error a\\nb\\r\\x1b[31m\\x00\\x7f\\x85\tc\u00a0é🦅`),
      );
    }
    const internal =
      '{"rule":"r","priority":"Error","output":"o","source":"internal","output_fields":{"a\\n":"b\\n"}}';
    expect(await writtenOf([internal])).toEqual(['Error o (a\\n="b\\n")']);
  });

  it("says the rule for an alert without an output, and no time where there is none", async () => {
    expect(await writtenOf(['{"rule":"Only a rule","priority":"info"}'])).toEqual([
      "Informational Only a rule",
    ]);
  });

  it("is the same for lines that begin with space or a byte order mark, and for JSON on several", async () => {
    const line = '{"rule":"r","priority":"Error","output":"09:14:09.5: Error text"}';
    expect((await written({ stream: [`  ${line}\n\ufeff${line}\n`] })).map(String)).toEqual(
      Array(2).fill("09:14:09.5: Error text"),
    );
    expect((await written({ published: [`\n${line.replaceAll(",", ",\n")}`] })).map(String)).toEqual([
      "09:14:09.5: Error text",
    ]);
  });
});

it("writes published objects and encoded alerts, each on one line", async () => {
  const init = { rule: "r", priority: "Error", output: "two\nlines", time } as const;
  const internal = { ...init, output: "drops", source: "internal", outputFields: { n: 42 } };
  const published = [init, internal, encodeLine(lines[0]!), `${time}: Error one\nand two`];
  expect((await written({ published })).map(String)).toEqual([
    `${clock(time)}: Error two\\nlines`,
    `${clock(time)}: Error drops (n="42")`,
    JSON.parse(lines[0]!).output,
    `${time}: Error one\\nand two`,
  ]);
});
