import { ConnectError } from "@connectrpc/connect";
import { CallbackError } from "./callback-error.js";
import { Code, type Explain, type Explanation, FalcoError } from "./error.js";
import { isFetchFailure } from "./fetch-failure.js";

/** Why a call failed, and what that means for another attempt. */
export interface Failure {
  /** What the caller gets when there is no other attempt. */
  readonly thrown: unknown;
  /** The same for `onStatus`. */
  readonly error: FalcoError;
  /** Whether another attempt may succeed. */
  readonly isTransient: boolean;
  /** Whether the other side only said goodbye: another attempt needs no wait. */
  readonly retryAtOnce: boolean;
}

/** Local errors that another attempt would meet again. */
const finalCodes: readonly Code[] = [
  Code.InvalidArgument,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.Unimplemented,
  Code.DeadlineExceeded,
];

/** What a server, or an interceptor, says of a state that may pass. */
const passingCodes: readonly Code[] = [Code.Unavailable, Code.Aborted, Code.ResourceExhausted];

/** @param tried What was being done, e.g. "sub on unix:///run/falco/falco.sock". */
export function failureOf(reason: unknown, tried: string, explain?: Explain): Failure {
  const callback = callbackErrorIn(reason);
  if (callback !== undefined) return ofCallback(callback.cause, tried);
  if (reason instanceof FalcoError) return ofError(reason);
  const error = ConnectError.from(reason);
  if (isFromServer(error)) {
    return ofError(new FalcoError(error.rawMessage, error.code, { tried, cause: reason, fromServer: true }));
  }
  const untakeable = isUntakeable(error);
  const explained = untakeable ? undefined : (explain?.(reason) ?? explainAnswer(error));
  const { message = error.rawMessage, code = error.code, retryAtOnce } = explained ?? {};
  const failure = ofError(new FalcoError(message, code, { tried, cause: reason }), retryAtOnce);
  const bug = explained === undefined ? bugIn(reason) : undefined;
  if (untakeable) return { ...failure, isTransient: false };
  return bug === undefined ? failure : { ...failure, thrown: bug, isTransient: false };
}

/** What Connect says of a message that this side cannot take: another attempt would only bring it again. */
const untakeable: Readonly<Partial<Record<Code, RegExp>>> = {
  [Code.ResourceExhausted]: /^message size \d+ is larger than configured readMaxBytes \d+$/,
  [Code.Internal]: /^(?:parse binary: |received compressed envelope, but do not know how to decompress$)/,
};

function isUntakeable({ code, rawMessage }: ConnectError): boolean {
  return untakeable[code]?.test(rawMessage) === true;
}

/** What Connect says of a stream that ended without gRPC's status, or in the middle of a message. */
const cut = /^protocol error: (?:missing status|incomplete envelope)$/;
/** What it says of an answer that is not gRPC: a proxy's, whose server is away. */
const notGrpc = /^(?:HTTP (?:404|429|5\d\d)$|unsupported content type )/;

/** What Connect's own errors mean, whatever the transport. */
function explainAnswer({ rawMessage }: ConnectError): Explanation | undefined {
  if (cut.test(rawMessage)) {
    return { message: "the stream was cut: it ended without a status", code: Code.Unavailable };
  }
  if (!notGrpc.test(rawMessage)) return undefined;
  return { message: `something other than a gRPC server answered: ${rawMessage}`, code: Code.Unavailable };
}

function ofError(error: FalcoError, retryAtOnce = false): Failure {
  const isTransient = error.fromServer ? passingCodes.includes(error.code) : !finalCodes.includes(error.code);
  return { thrown: error, error, isTransient, retryAtOnce };
}

/** Final, unless it was thrown with one of gRPC's codes that says otherwise. */
function ofCallback(cause: unknown, tried: string): Failure {
  const { rawMessage, code } = ConnectError.from(cause);
  return {
    thrown: cause,
    error: new FalcoError(rawMessage, code, { tried, cause }),
    isTransient: cause instanceof ConnectError && passingCodes.includes(code),
    retryAtOnce: false,
  };
}

function callbackErrorIn(reason: unknown): CallbackError | undefined {
  let error = reason;
  // Causes can form a ring; no real chain is this long.
  for (let depth = 0; depth < 10 && error instanceof Error; depth++) {
    if (error instanceof CallbackError) return error;
    error = error.cause;
  }
  return undefined;
}

/** The error of a bug: no network throws one, fetch's TypeErrors aside. */
function bugIn(reason: unknown): Error | undefined {
  const error = reason instanceof ConnectError ? reason.cause : reason;
  const isBug =
    error instanceof ReferenceError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    (error instanceof TypeError && !isFetchFailure(error));
  return isBug ? error : undefined;
}

/** Connect attaches what the server's answer brought: gRPC's status in the trailers, or the form of Connect's own. */
function isFromServer({ metadata }: ConnectError): boolean {
  const type = metadata.get("content-type") ?? "";
  return metadata.has("grpc-status") || /^application\/(?:connect\+|json)/.test(type);
}
