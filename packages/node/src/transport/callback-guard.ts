import type { Interceptor } from "@connectrpc/connect";
import { CallbackError } from "@falco-outputs/core/contract";

/**
 * The caller's interceptors between two that tell their errors from the call's: what an interceptor throws becomes a
 * CallbackError, which is not taken for a connection that failed.
 */
export function guard(interceptors: readonly Interceptor[]): Interceptor[] {
  if (interceptors.length === 0) return [];
  /** Errors of the call itself, which interceptors pass on. */
  const ofCall = new WeakSet<object>();
  const note = (reason: unknown) => {
    if (typeof reason === "object" && reason !== null) ofCall.add(reason);
    return reason;
  };
  const judge = (reason: unknown) => (isOrHasCause(reason, ofCall) ? reason : new CallbackError(reason));
  return [around(judge), ...interceptors, around(note, asCallbackError)];
}

/**
 * An interceptor that changes errors.
 * @param ofResponse What the call throws, and its response's messages.
 * @param ofRequest What the request's messages throw.
 */
function around(
  ofResponse: (reason: unknown) => unknown,
  ofRequest?: (reason: unknown) => unknown,
): Interceptor {
  return (next) => async (request) => {
    try {
      const response = await next(
        request.stream && ofRequest !== undefined
          ? { ...request, message: changing(request.message, ofRequest) }
          : request,
      );
      return response.stream ? { ...response, message: changing(response.message, ofResponse) } : response;
    } catch (reason) {
      throw ofResponse(reason);
    }
  };
}

async function* changing<T>(messages: AsyncIterable<T>, change: (reason: unknown) => unknown) {
  try {
    yield* messages;
  } catch (reason) {
    throw change(reason);
  }
}

function asCallbackError(reason: unknown): CallbackError {
  return new CallbackError(reason);
}

function isOrHasCause(reason: unknown, errors: WeakSet<object>): boolean {
  let error = reason;
  // Causes can form a ring; no real chain is this long.
  for (let depth = 0; depth < 10 && typeof error === "object" && error !== null; depth++) {
    if (errors.has(error)) return true;
    error = error instanceof Error ? error.cause : undefined;
  }
  return false;
}
