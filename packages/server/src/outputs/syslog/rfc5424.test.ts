import { hostname } from "node:os";
import { expect, it } from "vitest";
import { messageOf } from "./message.js";
import { formatRfc5424 } from "./rfc5424.js";

const one = (text: string, priority: number, timeUs: number) => ({
  bytes: Buffer.from(`${text}\n`),
  ends: [Buffer.byteLength(text) + 1],
  priorities: [priority],
  timesUs: [timeUs],
});

it("writes a message of RFC 5424, with its length in bytes before it", () => {
  const alert = one("é", 2, Date.UTC(2026, 5, 2, 9, 4, 7) * 1000 + 12);
  const message = `<130>1 2026-06-02T09:04:07.000012Z ${hostname()} falco ${process.pid} - - é`;
  expect(formatRfc5424(messageOf(alert, 0, 16, "falco")).toString()).toBe(
    `${Buffer.byteLength(message)} ${message}`,
  );
});

it.each([0, -1, Number.NaN, Date.UTC(10_000, 0) * 1000, -Infinity])(
  "takes the present for the time %d",
  (timeUs) => {
    const before = Date.now();
    const { date } = messageOf(one("a", 2, timeUs), 0, 1, "falco").time;
    expect(date.getTime()).toBeGreaterThanOrEqual(before);
    expect(date.getTime()).toBeLessThanOrEqual(Date.now());
  },
);

it("takes a severity from 0 to 7 out of any number, as syslog(3) does", () => {
  expect([0, 7, 8, -1].map((priority) => messageOf(one("a", priority, 0), 0, 1, "falco").pri)).toEqual([
    8, 15, 8, 15,
  ]);
});
