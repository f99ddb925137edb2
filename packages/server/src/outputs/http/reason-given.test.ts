import { describe, expect, it } from "vitest";
import { reasonGiven } from "./reason-given.js";

const url = new URL("http://us%40er:s3cret@receiver/services/T0000/to%6ben-0123456789?key=k3y-k3y");
const given = (body: string, contentType?: string) => reasonGiven(Buffer.from(body), contentType, url);

describe("the reason that a receiver gives", () => {
  it.each([
    ["its first line", "no such field\nmore\n", "no such field"],
    ["its first line with a text in it", "\r\n  \n no such field \r\nmore", "no such field"],
    ["JSON", '{"error":"no such field"}', '{"error":"no such field"}'],
    ["printable", "bad\u001b[31m \u009b2J\ttab", "bad\\x1b[31m \\x9b2J\\ttab"],
    ["short", "é".repeat(500), `${"é".repeat(200)}…`],
    ["nothing where there is nothing", " \r\n ", undefined],
  ])("is %s", (_, body, reason) => {
    expect(given(body)).toBe(reason);
  });

  it("is not taken from a page", () => {
    expect(given("<!DOCTYPE html>\n<p>no</p>", "text/html; charset=utf-8")).toBeUndefined();
  });

  it("shows words that stand in the URL as well", () => {
    expect(given("the services are down")).toBe("the services are down");
  });

  it.each([
    "Cannot POST /services/T0000/to%6ben-0123456789",
    "Cannot POST /services/T0000/token-0123456789",
    "token-0123456789 is not known",
    "us@er us%40er",
    "s3cret",
    "?key=k3y-k3y",
    "k3y-k3y",
  ])("shows nothing secret of the URL: %s", (body) => {
    expect(given(body)).not.toMatch(/T0000|tok|to%6b|us@er|us%40er|s3cret|k3y/);
  });
});
