import { fixtureLines } from "@falco-outputs/testing";
import { describe, expect, it } from "vitest";
import { Receiver } from "../testing/receiver.js";
import { countsOf, serve } from "../testing/serve.js";
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

describe("what is logged of an answer", () => {
  /** What the server logs of an alert that is posted to this receiver. */
  async function loggedOf(receiver: Receiver): Promise<string> {
    const url = `http://127.0.0.1:${receiver.port}/alerts?token=s3cret`;
    const { server, logged } = await serve({ format: { json: true }, http: { url } });
    await server.publish(fixtureLines("alerts.jsonl")[0]!);
    await countsOf(server, "http", { failed: 1, waiting: 0 });
    return logged.join("\n");
  }

  it("that has no end is its beginning", async () => {
    await using receiver = await Receiver.start((response) => {
      response.writeHead(400);
      const flood = () => {
        if (!response.destroyed) response.write("x".repeat(16_384), flood);
      };
      response.write("too many of \u001b[31mthem\n", flood);
    });
    const { reason } = JSON.parse((await loggedOf(receiver)).replace(/^[^{]*/, ""));
    expect(reason).toBe(`127.0.0.1:${receiver.port} answered 400: too many of \\x1b[31mthem`);
  });

  it("that quotes the URL does not show its token", async () => {
    await using receiver = await Receiver.start((response) =>
      response.writeHead(404).end("no /alerts?token=s3cret"),
    );
    const logged = await loggedOf(receiver);
    expect(logged).toContain("answered 404: no ***");
    expect(logged).not.toContain("s3cret");
  });

  it("that is compressed is its status", async () => {
    await using receiver = await Receiver.start((response) =>
      response.writeHead(400, { "content-encoding": "gzip" }).end("no such field"),
    );
    expect(await loggedOf(receiver)).toContain(`answered 400"`);
  });
});
