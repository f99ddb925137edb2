import { Authority, fixtureLines } from "@falco-outputs/testing";
import { describe, expect, it } from "vitest";
import { type Logger, type SyslogOutputOptions, startServer } from "../../index.js";
import { Rsyslogd, withoutRsyslogd, withoutRsyslogdTls } from "../testing/rsyslogd.js";

const lines = fixtureLines("alerts.jsonl");
const texts = fixtureLines("alerts.txt").filter((line) => /^[\dT:.+-]+: [A-Z]/.test(line));
const severities = ["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"];
const rfc3339 = (date: Date) => date.toISOString().replace(/\.\d+Z/, "");

function start(
  syslog: true | SyslogOutputOptions,
  { json = true, logger }: { json?: boolean; logger?: Logger } = {},
) {
  return startServer({ listen: [], outputs: { format: { json }, syslog }, ...(logger && { logger }) });
}

type Server = Awaited<ReturnType<typeof start>>;
const statsOf = (server: Server) => server.stats().outputs.syslog;
const settled = (server: Server) => expect.poll(() => statsOf(server)?.waiting, { timeout: 20_000 }).toBe(0);
/** Without the space that rsyslogd keeps after the tag. */
const textsOf = (rsyslogd: Rsyslogd) => rsyslogd.texts.map((text) => text.replace(/^ /, ""));
const expectTexts = (rsyslogd: Rsyslogd, expected: string[]) =>
  expect.poll(() => textsOf(rsyslogd), { timeout: 20_000 }).toEqual(expected);

describe.skipIf(withoutRsyslogd)("rsyslogd", { timeout: 60_000 }, () => {
  it("gets each alert on its local socket, as JSON, with its priority as severity and its time", async () => {
    await using rsyslogd = await new Rsyslogd().start();
    await using server = await start({ socket: rsyslogd.socket });
    const alerts = severities.map((priority, index) =>
      JSON.stringify({ rule: "ä", priority, time: `2026-06-0${index + 1}T09:14:07.123456789Z`, output: "o" }),
    );
    for (const alert of alerts) await server.publish(alert);
    await expectTexts(rsyslogd, alerts);
    expect(rsyslogd.messages.map(({ pri, tag }) => [pri, tag])).toEqual(
      severities.map((_, severity) => [8 + severity, "falco:"]),
    );
    expect(statsOf(server)).toEqual({ written: 8, failed: 0, dropped: 0, waiting: 0 });
    // The local format has neither a zone nor a year.
    expect(rsyslogd.messages.map(({ time }) => time.slice(5, 19))).toEqual(
      alerts.map((alert) => rfc3339(localClock(new Date(JSON.parse(alert).time))).slice(5)),
    );
  });

  it("gets each alert as text, with the facility and the tag that were asked for", async () => {
    await using rsyslogd = await new Rsyslogd().start();
    const options = { socket: rsyslogd.socket, facility: "local3", tag: "runtime" } as const;
    await using server = await start(options, { json: false });
    for (const text of texts) await server.publish(text);
    await expectTexts(rsyslogd, texts);
    expect(rsyslogd.messages.map(({ pri }) => pri)).toEqual(
      [5, 4, 2, 6].map((severity) => 19 * 8 + severity),
    );
    expect(rsyslogd.messages[0]!.tag).toBe("runtime:");
  });

  it("gets each alert over TCP, with its time to the microsecond", async () => {
    await using rsyslogd = await new Rsyslogd().start();
    await using server = await start({ address: `127.0.0.1:${rsyslogd.port}` });
    for (const line of lines) await server.publish(line);
    await expectTexts(rsyslogd, lines);
    const times = lines.map((line) => JSON.parse(line).time as string);
    const known = rsyslogd.messages.filter((_, index) => /\.\d{9}Z$/.test(times[index] ?? ""));
    expect(known.length).toBeGreaterThan(3);
    expect(known.map(({ time }) => time.replace(/(\+00:00|Z)$/, ""))).toEqual(
      times.filter((time) => /\.\d{9}Z$/.test(time ?? "")).map((time) => time.slice(0, 26)),
    );
    expect(rsyslogd.messages[0]!.tag).toBe(`falco[${process.pid}]`);
  });

  it("gets thousands of alerts, each once and in order", async () => {
    await using rsyslogd = await new Rsyslogd().start();
    const sent = Array.from({ length: 5000 }, (_, index) =>
      JSON.stringify({ rule: `rule ${index}`, priority: "Notice", output: "x".repeat(600) }),
    );
    for (const options of [{ socket: rsyslogd.socket }, { address: `127.0.0.1:${rsyslogd.port}` }]) {
      await using server = await start(options);
      for (const line of sent) await server.publish(line);
      await settled(server);
      expect(statsOf(server)).toEqual({ written: 5000, failed: 0, dropped: 0, waiting: 0 });
    }
    await expectTexts(rsyslogd, [...sent, ...sent]);
  });

  it("gets a long alert whole", async () => {
    await using rsyslogd = await new Rsyslogd().start();
    const long = JSON.stringify({ rule: "long", priority: "Notice", output: "é".repeat(60_000) });
    for (const options of [{ socket: rsyslogd.socket }, { address: `127.0.0.1:${rsyslogd.port}` }]) {
      await using server = await start(options);
      await server.publish(long);
      await server.publish(lines[0]!);
      await settled(server);
    }
    await expectTexts(rsyslogd, [long, lines[0]!, long, lines[0]!]);
  });

  it.each(["socket", "address"] as const)(
    "is stopped and started again, and misses nothing (%s)",
    async (kind) => {
      await using rsyslogd = await new Rsyslogd().start();
      const at = { socket: rsyslogd.socket, address: `127.0.0.1:${rsyslogd.port}` };
      await using server = await start({ [kind]: at[kind] });
      for (const line of lines) await server.publish(line);
      await expectTexts(rsyslogd, lines);
      await rsyslogd.stop();
      for (const line of lines) await server.publish(line);
      expect(statsOf(server)).toMatchObject({ written: lines.length, waiting: lines.length });
      await rsyslogd.start();
      await expectTexts(rsyslogd, [...lines, ...lines]);
      for (const line of lines) await server.publish(line);
      await expectTexts(rsyslogd, [...lines, ...lines, ...lines]);
      expect(statsOf(server)).toMatchObject({ written: 3 * lines.length, failed: 0, waiting: 0 });
    },
  );

  it("may start later: what waits for it is logged, and then written", async () => {
    const told: string[] = [];
    const tell = (fields: object) => void told.push(JSON.stringify(fields));
    await using rsyslogd = new Rsyslogd();
    const logger = { info: tell, warn: tell, error: tell };
    await using server = await start({ socket: rsyslogd.socket }, { logger });
    for (const line of lines) await server.publish(line);
    await expect.poll(() => told.join()).toContain(`${rsyslogd.socket}: No such file or directory`);
    await rsyslogd.start();
    await expectTexts(rsyslogd, lines);
    expect(told).toHaveLength(1);
  });

  it.skipIf(withoutRsyslogdTls)(
    "gets each alert over TLS, from a client whose certificate it knows",
    async () => {
      const authority = await Authority.create();
      await using rsyslogd = new Rsyslogd();
      await rsyslogd.useTls(authority);
      await rsyslogd.start();
      const tls = { ca: authority.ca, ...(await authority.issue()) };
      await using server = await start({ address: `localhost:${rsyslogd.port}`, tls });
      for (const line of lines) await server.publish(line);
      await expectTexts(rsyslogd, lines);
      expect(statsOf(server)).toMatchObject({ written: lines.length, failed: 0 });
    },
  );
});

/** The date whose UTC parts are the local parts of another. */
function localClock(date: Date): Date {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
}

describe("an option that cannot work is refused", () => {
  it.each([
    [
      { facility: "local8" as "local7" },
      'outputs.syslog.facility: "local8", expected one of kern, user, mail',
    ],
    [{ tag: "a b" }, 'outputs.syslog.tag: "a b", expected 1 to 48 printable ASCII characters'],
    [{ socket: "" }, 'outputs.syslog.socket: "", expected a path of 1 to 107 bytes'],
    [{ socket: `/${"x".repeat(107)}` }, "expected a path of 1 to 107 bytes"],
    [
      { tls: {} },
      "outputs.syslog.address: missing, expected host:port with tls: the local socket has no TLS",
    ],
    [
      { address: "127.0.0.1:514", socket: "/dev/log" },
      'outputs.syslog.socket: "/dev/log", expected only one of socket and address',
    ],
    [
      { address: "127.0.0.1:514", tls: {}, insecure: true },
      "outputs.syslog.insecure: true, expected only one of tls and insecure",
    ],
    [{ address: "/dev/log" }, 'outputs.syslog.address: "/dev/log", expected host:port'],
    [{ address: "logs.example" }, 'address: "logs.example", expected'],
    [
      { address: "logs.example:514" },
      'outputs.syslog.address: "logs.example:514", expected it with tls, or with insecure: true',
    ],
    [
      { address: "logs.example:514", tls: { cert: "x" } },
      "outputs.syslog.tls.key: missing, expected PEM that goes with cert",
    ],
    [
      { address: "logs.example:514", tls: { ca: "/nowhere" } },
      'outputs.syslog.tls.ca: "/nowhere", expected PEM, or the path of a file',
    ],
  ])("%j", async (options, message) => {
    await expect(start(options)).rejects.toThrow(message);
  });
});
