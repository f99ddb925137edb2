import type { IncomingMessage, ServerResponse } from "node:http";
import type { Exposition } from "./exposition.js";
import type { Readiness } from "./readiness.js";

/** What is asked over HTTP. */
export interface Answers {
  /** How late the event loop is, in milliseconds. */
  lateMs(): number;
  readiness(): Readiness;
  metrics(accept: string | undefined): Promise<Exposition>;
}

/** An event loop that is later than this is stuck, in milliseconds. */
const maxLateMs = 5_000;

const paths: Readonly<
  Record<string, (answers: Answers, request: IncomingMessage, response: ServerResponse) => void>
> = {
  "/healthz": ({ lateMs }, request, response) => {
    const late = lateMs();
    const problems = late > maxLateMs ? [`the event loop was ${(late / 1_000).toFixed(1)} s late`] : [];
    sendJson(request, response, problems.length === 0, { healthy: problems.length === 0, problems });
  },
  "/readyz": ({ readiness }, request, response) => {
    const answer = readiness();
    sendJson(request, response, answer.ready, answer);
  },
  "/metrics": ({ metrics }, request, response) => {
    metrics(request.headers.accept).then(
      ({ contentType, text }) => send(request, response, 200, contentType, text),
      (error: Error) => send(request, response, 500, plainText, `${error.message}\n`),
    );
  },
};
const plainText = "text/plain; charset=utf-8";

/** Answers a request to the operations listener. */
export function handle(answers: Answers, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? "").replace(/[?#].*/s, "");
  if (!Object.hasOwn(paths, path)) {
    send(request, response, 404, plainText, `there are ${Object.keys(paths).join(", ")}\n`);
  } else if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    send(request, response, 405, plainText, "GET or HEAD only\n");
  } else {
    paths[path]!(answers, request, response);
  }
}

function sendJson(request: IncomingMessage, response: ServerResponse, isFine: boolean, body: object): void {
  send(request, response, isFine ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
): void {
  const headers = {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  };
  response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
}
