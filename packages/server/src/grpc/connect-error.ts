import { ConnectError } from "@connectrpc/connect";
import { FalcoError } from "@falco-outputs/core";

/** What a failure is for Connect. */
export function toConnectError(reason: unknown): ConnectError {
  return reason instanceof FalcoError
    ? new ConnectError(reason.message, reason.code, undefined, undefined, reason)
    : ConnectError.from(reason);
}
