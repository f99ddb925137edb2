import type * as grpc from "@grpc/grpc-js";
import type { CallLine, CallProgress, CallResult } from "../../protocol.js";
import { callOptions, headersOf, metadataOf } from "./channel.js";
import { decodeAlert, decodeHealth, decodeVersion, encodeRequest, requestFields } from "./messages.js";
import { Sender } from "./sender.js";

const paths = {
  sub: "/falco.outputs.service/sub",
  get: "/falco.outputs.service/get",
  subscribe: "/falco.output.service/subscribe",
  version: "/falco.version.service/version",
  health: "/grpc.health.v1.Health/Check",
};

export function isUnary({ method }: CallLine): boolean {
  return method === "version" || method === "health" || method === "unknown";
}

function pathOf({ method, path }: CallLine): string {
  if (method === "unknown") return path!;
  if (method === "read_alert") throw new Error("a plain gRPC client reads no JSON");
  return paths[method];
}

function messageOf(details: string): string {
  return details === "OK" ? "" : details;
}

const raw = (bytes: Buffer): Buffer => bytes;

export function unaryCall(client: grpc.Client, line: CallLine): Promise<CallResult> {
  const request = encodeRequest(requestFields.health, line.request ?? {});
  return new Promise((resolve) => {
    let answer: Buffer | undefined;
    let headers: Record<string, string> = {};
    const call = client.makeUnaryRequest(
      pathOf(line),
      raw,
      raw,
      request,
      metadataOf(line),
      callOptions(line),
      (_, value) => {
        answer = value;
      },
    );
    call.on("metadata", (metadata: grpc.Metadata) => {
      headers = headersOf(metadata);
    });
    call.on("status", ({ code, details, metadata }: grpc.StatusObject) => {
      resolve({
        status: { code, message: messageOf(details) },
        headers: { ...headers, ...headersOf(metadata) },
        ...(answer && line.method === "version" && { version: decodeVersion(answer) }),
        ...(answer && line.method === "health" && { health: decodeHealth(answer) }),
      });
    });
  });
}

/** Every streaming method goes as one that streams both ways, so that the requests are the case's to choose. */
export function streamCall(
  client: grpc.Client,
  line: CallLine,
  onProgress: (progress: CallProgress) => void,
  cancelRequested: AbortSignal,
): Promise<CallResult> {
  const numbers = line.method === "subscribe" ? requestFields.legacy : requestFields.outputs;
  const alerts: NonNullable<CallResult["alerts"]> = [];
  let headers: Record<string, string> = {};
  let cancelled = false;
  const call = client.makeBidiStreamRequest(
    pathOf(line),
    (request: Record<string, unknown>) => encodeRequest(numbers, request),
    (message) => decodeAlert(message, line.method === "subscribe"),
    metadataOf(line),
    callOptions(line),
  );
  const first = { send: line.request ?? {} };
  const sender = new Sender(
    call,
    line.requests ?? (line.method === "sub" ? [first] : [first, { half_close: true }]),
    onProgress,
  );
  return new Promise((resolve) => {
    call.on("metadata", (metadata) => {
      headers = headersOf(metadata);
      sender.headersCame();
    });
    call.on("data", (alert) => {
      // What was on its way when the call was cancelled is no longer looked at.
      if (cancelled) return;
      alerts.push(alert);
      if (line.report_progress === true) onProgress({ alerts: alerts.length });
      sender.alertCame();
      if (alerts.length === line.cancel_after_alerts) cancel();
    });
    const cancel = () => {
      cancelled = true;
      call.cancel();
    };
    cancelRequested.addEventListener("abort", cancel, { once: true });
    call.on("error", () => undefined); // "status" tells it too
    call.on("status", ({ code, details, metadata }: grpc.StatusObject) => {
      sender.stop();
      resolve({
        alerts,
        status: cancelled ? { code: 1, message: "" } : { code, message: messageOf(details) },
        headers: { ...headers, ...headersOf(metadata) },
      });
    });
    sender.start();
  });
}
