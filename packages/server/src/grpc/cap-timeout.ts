import type { IncomingHttpHeaders } from "node:http";
import { maxTimerMs } from "@falco-outputs/core/options";

/** Units of grpc-timeout, in milliseconds (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): with those that are left out, eight digits are no more than a timer takes. */
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };

/**
 * Shortens the timeout that a request asks for to the longest that a timer takes, 24.8 days: of a longer one Connect
 * would make a timer that fires at once. What is not a timeout stays as it is, for Connect to refuse.
 */
export function capTimeout(headers: IncomingHttpHeaders): void {
  const { "grpc-timeout": grpc, "connect-timeout-ms": connect } = headers;
  const [, value, unit] = /^(\d{1,8})([HMS])$/.exec(String(grpc)) ?? [];
  if (Number(value) * unitMs[unit ?? ""]! > maxTimerMs) {
    headers["grpc-timeout"] = `${Math.floor(maxTimerMs / 1_000)}S`;
  }
  if (Number(connect) > maxTimerMs) headers["connect-timeout-ms"] = String(maxTimerMs);
}
