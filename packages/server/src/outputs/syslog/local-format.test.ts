import { expect, it } from "vitest";
import { formatLocal, formatLocalStream } from "./local-format.js";

const message = (date: Date, text: string) => ({
  pri: 13,
  time: { date, micros: 0 },
  tag: "falco",
  text: Buffer.from(text),
});

it("writes a message as glibc's syslog(3) does, in local time", () => {
  const date = new Date(2026, 5, 2, 9, 4, 7);
  expect(formatLocal(message(date, "é (user=root)")).toString()).toBe(
    "<13>Jun  2 09:04:07 falco: é (user=root)",
  );
  const late = new Date(2026, 11, 31, 23, 59, 59);
  expect(formatLocal(message(late, "")).toString()).toBe("<13>Dec 31 23:59:59 falco: ");
});

it("ends it with a NUL on a stream, where a NUL within would make two of one", () => {
  const date = new Date(2026, 5, 2, 9, 4, 7);
  expect(formatLocalStream(message(date, "a\0<0>b\0")).toString()).toBe(
    "<13>Jun  2 09:04:07 falco: a <0>b \0",
  );
});
