import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type FalcoOutputsServer, startServer } from "../index.js";
import type { Appended } from "../log/alert-log.js";
import { MemoryLog } from "../log/memory-log.js";

let server: FalcoOutputsServer;
beforeEach(async () => {
  server = await startServer({ listen: [], inputs: { http: ["127.0.0.1:0"] } });
});
afterEach(() => server.stop());

/** What a new connection hears when it says one text after the other. Dates are left out. */
async function answersTo(...texts: [...string[], string]): Promise<string[]> {
  const socket = connect(Number(new URL(server.httpUrl!).port), "127.0.0.1");
  const answers: string[] = [];
  const failed = new Promise<never>((_, reject) => socket.once("error", reject));
  for (const text of texts.slice(0, -1)) {
    socket.write(text, "latin1");
    answers.push(String(await Promise.race([once(socket, "data"), failed])));
  }
  let last = "";
  socket.setEncoding("latin1").on("data", (piece) => {
    last += piece;
  });
  socket.end(texts.at(-1)!, "latin1");
  await Promise.race([once(socket, "close"), failed]);
  return [...answers, last.replaceAll(/Date: [^\r]*/g, "Date")];
}

type Outcome = Awaited<ReturnType<typeof outcome>>;

/** What a connection hears in the end, and what is queued for that. */
async function outcome(...texts: [...string[], string]) {
  const { appended, inputs } = server.stats();
  const { accepted, rejected } = inputs.http!;
  const answer = (await answersTo(...texts)).at(-1)!;
  const now = server.stats();
  return {
    answer,
    appended: now.appended - appended,
    accepted: now.inputs.http!.accepted - accepted,
    rejected: now.inputs.http!.rejected - rejected,
  };
}

/** The same from node:http, to which a connection goes for good with a request that is not a post. */
function outcomeByNode(text: string) {
  return outcome("GET / HTTP/1.1\r\nhost: x\r\n\r\n", text);
}

const alert = '{"rule":"r","priority":"Notice"}';
const head = (fields: string[], line = "POST / HTTP/1.1") => `${[line, ...fields].join("\r\n")}\r\n\r\n`;
const length = (body: string) => `Content-Length: ${Buffer.byteLength(body, "latin1")}`;
const post = (body: string, ...fields: string[]) => head(["Host: x", ...fields, length(body)]) + body;

describe("a post is answered as node:http answers it, and as much of it is queued", () => {
  it.each(fixtureLines("alerts.jsonl").map((line) => [line]))("%s", async (line) => {
    const text = post(Buffer.from(line).toString("latin1"), "Content-Type: application/json");
    expect(await outcome(text)).toEqual(await outcomeByNode(text));
  });

  it.each([
    [
      "Falco's head",
      post(alert, "User-Agent: falcosecurity/falco", "Accept: */*", "Content-Type: application/json"),
    ],
    ["text", post("00:00:00.000000000: Notice a\nb", "content-type: text/plain")],
    ["a body that is only partly alerts", post(`${alert}\nnonsense`)],
    ["a body that is not an alert", post("nonsense")],
    ["no body", post("")],
    ["another case of letters", head(["HOST: x", length(alert).toUpperCase()]) + alert],
    ["another path", head(["host: x", length(alert)], "POST /a?b=c HTTP/1.1") + alert],
    ["PUT", head(["host: x", length(alert)], "PUT / HTTP/1.1") + alert],
    ["two posts at once", post(alert) + post(alert)],
    ["a post and a part of one", post(alert) + post(alert).slice(0, -3)],
    ["a post and the rest of nothing", `${post(alert)}rest`],
    ["a body that is cut short", post(alert).slice(0, -1)],
    ["two lengths", head(["host: x", length(alert), length(`${alert}GET / HTTP/1.1`)]) + alert],
    ["the same length twice", head(["host: x", length(alert), length(alert)]) + alert],
    ["a length and chunks", head(["host: x", length(alert), "transfer-encoding: chunked"]) + alert],
    ["chunks", `${head(["host: x", "transfer-encoding: chunked"])}20\r\n${alert}\r\n0\r\n\r\n`],
    ["no length", head(["host: x"]) + alert],
    ["a negative length", head(["host: x", "content-length: -32"]) + alert],
    ["a length with a sign", head(["host: x", "content-length: +32"]) + alert],
    ["a length in hexadecimal", head(["host: x", "content-length: 0x20"]) + alert],
    ["a length with leading zeros", head(["host: x", "content-length: 0000032"]) + alert],
    ["a list of lengths", head(["host: x", "content-length: 32, 32"]) + alert],
    ["a space before the colon", head(["host: x", "content-length : 32"]) + alert],
    ["a length with spaces around it", head(["host: x", "content-length:   32  "]) + alert],
    ["a folded line", head(["host: x", "accept: a\r\n b", length(alert)]) + alert],
    ["a bare line feed", head(["host: x\naccept: a", length(alert)]) + alert],
    ["a bare carriage return", head(["host: x\raccept: a", length(alert)]) + alert],
    ["no host", head([length(alert)]) + alert],
    ["two hosts", head(["host: x", "host: y", length(alert)]) + alert],
    ["HTTP/1.0", head(["host: x", length(alert)], "POST / HTTP/1.0") + alert],
    [
      "HTTP/1.0 of a sender that stays",
      head(["host: x", "connection: keep-alive", length(alert)], "POST / HTTP/1.0") + alert,
    ],
    ["a sender that leaves", post(alert, "connection: close")],
    ["a page's request", post(alert, "origin: https://evil.example")],
    ["an encoding", post(alert, "content-encoding: br")],
    ["an expectation", post(alert, "expect: 100-continue")],
    ["an upgrade", post(alert, "connection: upgrade", "upgrade: h2c")],
    ["a zero byte in a field", post(alert, "accept: a\0b")],
    ["a letter that is not ASCII in a field", post(alert, "accept: \xe4")],
    ["__proto__ as a field", post(alert, "__proto__: x")],
    ["spaces in the request line", head(["host: x", length(alert)], "POST  / HTTP/1.1") + alert],
  ])("%s", async (_, text) => {
    expect(await outcome(text)).toEqual(await outcomeByNode(text));
  });

  it("whatever its head is", async () => {
    // node:http closes the connection for some, and what it still says to the rest is a matter of time.
    const first = ({ answer, ...queued }: Outcome) => ({ answer: answer.split("\r\n")[0], ...queued });
    const field = fc.constantFrom(
      "Host: x",
      "host: y",
      "Accept: */*",
      "accept:x",
      "content-type: text/plain",
      "Content-Type: application/json",
      "content-length: 31",
      length(alert),
      "connection: keep-alive",
      "transfer-encoding: identity",
      "x-field: \t value",
      " folded",
    );
    const lines = fc.constantFrom(
      "POST / HTTP/1.1",
      "POST /x HTTP/1.1",
      "POST / HTTP/1.0",
      "post / HTTP/1.1",
    );
    await fc.assert(
      fc.asyncProperty(lines, fc.array(field, { maxLength: 6 }), fc.nat(3), async (line, fields, cut) => {
        const text = head(fields, line) + alert.slice(cut);
        expect(first(await outcome(text))).toEqual(first(await outcomeByNode(text)));
      }),
      { numRuns: 200 },
    );
  });
});

it("heads that change in between are read again", async () => {
  const socket = connect(Number(new URL(server.httpUrl!).port), "127.0.0.1");
  let statuses = "";
  socket.setEncoding("latin1").on("data", (text) => {
    statuses += /^HTTP\/1.1 (\d+)/.exec(String(text))![1];
  });
  const text = "00:00:00.000000000: Notice a\nb";
  const posts = [
    post(alert),
    post(text, "content-type: text/plain"),
    post(text),
    post(alert, "accept: x"),
    post(alert),
  ];
  for (const [index, one] of posts.entries()) {
    socket.write(one);
    await expect.poll(() => statuses).toHaveLength(3 * (index + 1));
  }
  expect(statuses).toBe("200".repeat(5));
  // Without its type, the second line of the text is one that is not an alert.
  expect(server.stats().inputs.http).toEqual({ accepted: 5, rejected: 1 });
  socket.destroy();
});

it("connections over which alerts were posted end with the server", async () => {
  const socket = connect(Number(new URL(server.httpUrl!).port), "127.0.0.1");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(post(alert));
  await new Promise((resolve) => socket.once("data", resolve));
  await server.stop();
  await closed;
});

/** A connection to this server, and the statuses that it has answered, read while `socket` flows. */
function open(path: string): { socket: Socket; statuses: () => string[] } {
  const socket = connect(path);
  onTestFinished(() => void socket.destroy());
  let answers = "";
  socket.setEncoding("latin1").on("data", (piece) => {
    answers += piece;
  });
  return { socket, statuses: () => answers.match(/(?<=HTTP\/1.1 )\d+/g) ?? [] };
}

/** Lets the server read all that was written to its connections before. */
async function letItRead(path: string): Promise<void> {
  const { socket } = open(path);
  for (let round = 0; round < 2; round++) {
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket, "data");
  }
  socket.destroy();
}

describe("on a unix socket", () => {
  let path: string;
  beforeEach(async () => {
    const folder = mkdtempSync(join(tmpdir(), "whole-posts-"));
    path = join(folder, "input.sock");
    const own = await startServer({ listen: [], inputs: { http: [path] } });
    onTestFinished(async () => {
      await own.stop();
      rmSync(folder, { recursive: true });
    });
    await server.stop();
    server = own;
  });
  const accepted = () => server.stats().inputs.http!.accepted;

  it("a peer that does not read its answers is not heard, until it does", async () => {
    const { socket, statuses } = open(path);
    socket.pause();
    let posted = 0;
    do {
      socket.write(post(alert));
      posted++;
      await letItRead(path);
    } while (accepted() === posted && posted < 10_000);
    expect(accepted()).toBe(posted - 1);
    socket.resume();
    await expect.poll(() => statuses().length).toBe(posted);
    expect(new Set(statuses())).toEqual(new Set(["200"]));
    expect(accepted()).toBe(posted);
  });

  describe("with a log that appends asynchronously", () => {
    /** Ends the appends one after the other. */
    let ends: ((error?: Error) => void)[];
    beforeEach(() => {
      ends = [];
      const { append } = MemoryLog.prototype;
      const appendLater = function (this: MemoryLog, batch: Parameters<typeof append>[0]) {
        return new Promise<Appended>((resolve, reject) => {
          ends.push((error) => (error === undefined ? resolve(append.call(this, batch)) : reject(error)));
        });
      };
      const spy = vi.spyOn(MemoryLog.prototype, "append").mockImplementation(appendLater as never);
      onTestFinished(() => spy.mockRestore());
    });

    it("answers once that is done, one post after the other", async () => {
      const { socket, statuses } = open(path);
      socket.write(post(alert));
      await expect.poll(() => ends.length).toBe(1);
      socket.write(post(alert));
      await letItRead(path);
      expect([ends.length, statuses()]).toEqual([1, []]);
      ends[0]!();
      await expect.poll(() => ends.length).toBe(2);
      expect(statuses()).toEqual(["200"]);
      ends[1]!(new Error("the disk is full"));
      await expect.poll(statuses).toEqual(["200", "503"]);
      expect(server.stats().appended).toBe(1);
    });

    it("answers also when the server stops meanwhile", async () => {
      const { socket, statuses } = open(path);
      const closed = once(socket, "close");
      socket.write(post(alert));
      await expect.poll(() => ends.length).toBe(1);
      const stopped = server.stop();
      ends[0]!();
      await Promise.all([stopped, closed]);
      expect(statuses()).toEqual(["200"]);
    });
  });
});
