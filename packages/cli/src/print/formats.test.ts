import { type Alert, alertFromJson, createAlert } from "@falco-outputs/node";
import { fixtureLines } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { timeFormats } from "./choices.js";
import { createPrinter, type PrinterOptions } from "./create-printer.js";

const alerts = fixtureLines("alerts.jsonl").map(alertFromJson);
const look = {
  format: undefined,
  columns: undefined,
  timeFormat: "rfc3339",
  color: false,
  isLive: false,
} as const;

function printed(options: Partial<PrinterOptions>, of: readonly Alert[]): string[] {
  const printer = createPrinter({ ...look, ...options });
  return [...of.flatMap((alert) => printer.print(alert)), ...printer.end()];
}

const alert = (output: string, outputFields: Record<string, string> = {}) =>
  createAlert({
    rule: "R",
    priority: "Notice",
    output,
    outputFields,
    hostname: "h",
    time: "2026-06-02T09:14:07Z",
  });

describe("-o dict", () => {
  it("prints a block an alert, its keys to the right, and a line between two", () => {
    const fields = { "k8s.ns.name": "shop", "proc.name": "bash" };
    expect(
      printed({ format: "dict" }, [alert("a", fields), alert("b")]).join("\n"),
    ).toBe(`       TIME: 2026-06-02T09:14:07Z
   PRIORITY: Notice
       RULE: R
     OUTPUT: a
     SOURCE: syscall
   HOSTNAME: h
       TAGS: -
   SEQUENCE: -
k8s.ns.name: shop
  proc.name: bash
------------
    TIME: 2026-06-02T09:14:07Z
PRIORITY: Notice
    RULE: R
  OUTPUT: b
  SOURCE: syscall
HOSTNAME: h
    TAGS: -
SEQUENCE: -`);
  });
});

describe("-o table", () => {
  const columns = "rule,k8s.pod.name,priority";
  const wide = alert("w", { "k8s.pod.name": "a-pod-with-a-name-that-is-long" });

  it("prints columns as wide as what they hold", () => {
    expect(printed({ columns }, [alert("a"), wide])).toEqual([
      "RULE  K8S.POD.NAME                    PRIORITY",
      "R     -                               Notice",
      "R     a-pod-with-a-name-that-is-long  Notice",
    ]);
    expect(printed({ columns }, [])).toEqual([]);
  });

  it("prints rows at once where they come one by one, in columns that grow", () => {
    const printer = createPrinter({ ...look, columns, isLive: true });
    const rule = "R".padEnd(40);
    expect(printer.print(alert("a"))).toEqual([
      `${"RULE".padEnd(40)}  ${"K8S.POD.NAME".padEnd(20)}  PRIORITY`,
      `${rule}  ${"-".padEnd(20)}  Notice`,
    ]);
    expect(printer.print(wide)).toEqual([`${rule}  a-pod-with-a-name-that-is-long  Notice`]);
    expect(printer.print(alert("a"))).toEqual([`${rule}  ${"-".padEnd(30)}  Notice`]);
    expect(printer.end()).toEqual([]);
  });

  it("holds no more than 500 rows", () => {
    const printer = createPrinter({ ...look, format: "table" });
    const lines = Array.from({ length: 501 }, () => printer.print(alert("a")).length);
    expect(lines).toEqual([...Array.from({ length: 499 }, () => 0), 501, 1]);
    expect(printer.end()).toEqual([]);
  });

  it("has any part of an alert as a column, a field with the name of one as well", () => {
    const all = "time,priority,rule,output,source,hostname,tags,sequence,user.uid,constructor";
    const [, row] = printed({ columns: all, timeFormat: "rfc3339nano" }, [alerts[1]!]);
    expect(row!.split(/ {2,}/)).toEqual([
      "2026-06-02T09:14:09.000000001Z",
      "Warning",
      "Read sensitive file untrusted",
      expect.stringMatching(/^Sensitive file opened/),
      "syscall",
      "node-2",
      expect.stringContaining(","),
      "-",
      "4294967295",
      "-",
    ]);
  });
});

it("-o jsonpb is the API's message by protobuf's rules", () => {
  const [line] = printed({ format: "jsonpb" }, [Object.assign(alert("a", { x: "1" }), { sequence: 7n })]);
  expect(JSON.parse(line!)).toEqual({
    time: "2026-06-02T09:14:07Z",
    priority: "Notice",
    rule: "R",
    output: "a",
    outputFields: { x: "1" },
    hostname: "h",
    source: "syscall",
    sequence: "7",
  });
});

describe("--time-format", () => {
  beforeEach(() => {
    vi.stubEnv("TZ", "America/New_York");
    vi.useFakeTimers({ now: Date.parse("2026-06-02T11:19:10Z"), toFake: ["Date"] });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });
  const time = "2026-06-02T09:14:07.123456789Z";
  const texts = {
    rfc3339nano: "2026-06-02T09:14:07.123456789Z",
    rfc3339micro: "2026-06-02T09:14:07.123456Z",
    rfc3339milli: "2026-06-02T09:14:07.123Z",
    rfc3339: "2026-06-02T09:14:07Z",
    rfc1123z: "Tue, 02 Jun 2026 09:14:07 +0000",
    stampmilli: "Jun  2 05:14:07.123",
    local: "2026-06-02T05:14:07.123-04:00",
    unix: "1780391647.123456789",
    relative: "2h5m ago",
  };

  it.each(timeFormats)("%s", (timeFormat) => {
    const { outputFields, rule, priority } = alert("a");
    const at = createAlert({ rule, priority, outputFields, time });
    expect(printed({ columns: "time", timeFormat }, [at])[1]).toBe(texts[timeFormat]);
    expect(printed({ timeFormat }, [at])[0]).toMatch(
      new RegExp(`^${texts[timeFormat].replaceAll("+", "\\+")} +Notice +R$`),
    );
  });

  it.each([
    ["2026-06-02T11:19:10Z", "0s ago"],
    ["2026-06-02T11:19:01Z", "9s ago"],
    ["2026-06-02T11:14:10Z", "5m0s ago"],
    ["2026-05-30T10:19:10Z", "3d1h ago"],
    ["2026-06-02T11:20:10Z", "in 1m0s"],
  ])("relative: %s is %s", (at, text) => {
    const [, row] = printed({ columns: "time", timeFormat: "relative" }, [
      createAlert({ rule: "R", priority: "Notice", time: at }),
    ]);
    expect(row).toBe(text);
  });

  it("says of an alert without a time when it arrived", () => {
    const { time: _, ...rest } = alert("a");
    const untimed = Object.assign(alert("a"), rest, { time: undefined }) as unknown as Alert;
    const texts = timeFormats.map((timeFormat) => printed({ columns: "time", timeFormat }, [untimed])[1]);
    expect(texts[0]).toBe("arrived:2026-06-02T11:19:10Z");
    expect(texts.at(-1)).toBe("arrived:0s ago");
  });
});

it.each(["compact", "dict", "json", "jsonpb", "table"] as const)(
  "-o %s lets no alert command a terminal",
  (format) => {
    const evil = "a\u001b[2J\u009b\u202e\r\u2028b";
    const options = format === "table" ? { columns: `rule,output,${evil}` } : { format };
    const text = printed({ ...options, isLive: true }, [
      createAlert({
        rule: evil,
        priority: "Notice",
        output: evil,
        hostname: evil,
        tags: [evil],
        outputFields: { [evil]: evil },
      }),
    ]).join("\n");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/);
    expect(text).toContain("[2J");
  },
);

it("colours the priority, and nothing else", () => {
  for (const format of ["compact", "dict", "table"] as const) {
    const plain = printed({ format }, [alert("a")]).join("\n");
    const colored = printed({ format, color: true }, [alert("a")]).join("\n");
    expect(colored).toContain("\u001b[36mNotice");
    expect(colored.replaceAll("\u001b[36m", "").replaceAll("\u001b[0m", "")).toBe(plain);
  }
});
