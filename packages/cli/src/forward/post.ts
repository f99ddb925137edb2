import { connect } from "node:net";
import type { NamedAddress } from "../connection/named-address.js";
import { targetOf } from "./target.js";

/** How much of an answer is read, in bytes. */
const maxAnswerBytes = 16 * 1024;
const headEnd = "\r\n\r\n";

/**
 * Posts to the http input of a server, by HTTP/1.0, where the answer ends with the connection: loading node:http
 * would take a quarter of the command's time.
 * @throws UsageError for an impossible address; Error that says why the server did not take all of it.
 */
export function post(to: NamedAddress, body: Buffer, timeoutMs: number): Promise<void> {
  const target = targetOf(to);
  const { address } = to;
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    const fail = (reason: string, cause?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(`${address}${reason}`, { cause }));
    };
    const timer = setTimeout(() => fail(`: no answer within ${timeoutMs} ms (--timeout)`), timeoutMs);
    let answer = "";
    const end = () => {
      if (answer === "") return fail(": the server closed the connection without an answer");
      const status = statusOf(answer);
      if (status === undefined) return fail(": the server does not speak HTTP");
      if (status === "200") return fail(": the server closed the connection in the middle of its answer");
      fail(` refused it: ${bodyOf(answer) || `HTTP status ${status}`}`);
    };
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
      if (statusOf(answer) === "200" && answer.includes(headEnd)) {
        const rejected = rejectedIn(answer);
        if (rejected > 0) return fail(`: ${refusal(rejected)}`);
        clearTimeout(timer);
        socket.destroy();
        resolve();
      } else if (answer.length > maxAnswerBytes) {
        end();
      }
    });
    socket.on("end", end);
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      // A server that refuses does not read the rest, which resets the connection after its answer.
      if (answer !== "") end();
      else fail(`: ${explain(cause, flagOf(to))}`, cause);
    });
    // Falco's text form may contain line ends: with this type, the server takes it as one alert.
    const head = ["host: localhost", "content-type: text/plain", `content-length: ${body.length}`];
    socket.write(`POST / HTTP/1.0\r\n${head.join("\r\n")}${headEnd}`);
    socket.write(body);
  });
}

function statusOf(answer: string): string | undefined {
  return /^HTTP\/1\.\d (\d{3})[ \r]/.exec(answer)?.[1];
}

function bodyOf(answer: string): string {
  const [, ...body] = answer.split(headEnd);
  return body.join(headEnd).trim();
}

/** How many parts of what was posted were rejected while the rest was queued. */
function rejectedIn(answer: string): number {
  const [head = ""] = answer.split(headEnd);
  return Number(/^falco-outputs-rejected: *(\d+)/im.exec(head)?.[1] ?? 0);
}

function refusal(rejected: number): string {
  const what =
    rejected === 1
      ? "1 part of standard input is not an alert and was"
      : `${rejected} parts of standard input are not alerts and were`;
  return `${what} refused; the rest is queued. The server's log says why`;
}

/** The flag with which another address is given. */
function flagOf({ name }: NamedAddress): string {
  return name.startsWith("--") ? name : "--address";
}

function explain({ code, message }: NodeJS.ErrnoException, flag: string): string {
  switch (code) {
    case "ENOENT":
    case "ECONNREFUSED":
      return `no server listens there: start one with falco-outputs serve, or give its address (${flag})`;
    case "EACCES":
      return "permission denied: let this user's group in (falco-outputs serve --socket-mode 0660 --socket-group GROUP)";
    case "ECONNRESET":
    case "EPIPE":
      return "the server closed the connection without an answer";
    default:
      return message;
  }
}
