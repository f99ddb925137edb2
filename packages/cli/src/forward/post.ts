import { connect } from "node:net";
import type { NamedAddress } from "../connection/named-address.js";
import { targetOf } from "./target.js";

/** Of an answer no more is read, in bytes. */
const maxAnswerBytes = 16 * 1024;

/**
 * Posts to the http input of a server, by HTTP/1.0, whose answer ends with the connection: node:http would take a
 * quarter of the command's time to be loaded.
 * @throws UsageError for an address that cannot be; Error that says why the server did not take it.
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
      if (status === undefined) return fail(": what listens there does not speak HTTP");
      fail(` refused it: ${bodyOf(answer) || `HTTP status ${status}`}`);
    };
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
      if (statusOf(answer) === "200") {
        clearTimeout(timer);
        socket.destroy();
        resolve();
      } else if (answer.length > maxAnswerBytes) {
        end();
      }
    });
    socket.on("end", end);
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      // One that refuses does not read the rest, which resets the connection behind its answer.
      if (answer !== "") end();
      else fail(`: ${explain(cause)}`, cause);
    });
    socket.write(`POST / HTTP/1.0\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n`);
    socket.write(body);
  });
}

function statusOf(answer: string): string | undefined {
  return /^HTTP\/1\.\d (\d{3})[ \r]/.exec(answer)?.[1];
}

function bodyOf(answer: string): string {
  const [, ...body] = answer.split("\r\n\r\n");
  return body.join("\r\n\r\n").trim();
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ENOENT":
    case "ECONNREFUSED":
      return "no server listens there: start one with falco-outputs serve, or name its address (--address)";
    case "EACCES":
      return "permission denied: let this user's group in (falco-outputs serve --socket-mode 0660 --socket-group GROUP)";
    case "ECONNRESET":
    case "EPIPE":
      return "the server closed the connection without an answer";
    default:
      return message;
  }
}
