import { Code, ConnectError } from "@connectrpc/connect";
import type { OutputsRequest } from "@falco-outputs/core/contract";

/** How long a client of ours may take to send its first request. */
const ourClientsMs = 10_000;
/** How long the server waits for any other client: some never send a request, and get Falco's own behaviour. */
const otherClientsMs = 100;

export interface FirstRequest {
  /** Undefined if the client did not send one in time, or half-closed without one. */
  readonly request: OutputsRequest | undefined;
  /** The requests after it. */
  readonly rest: AsyncIterable<OutputsRequest>;
}

/**
 * Waits for the request that says what a stream is for.
 * @throws ConnectError with DeadlineExceeded when a client of ours does not send one.
 */
export async function firstRequest(
  requests: AsyncIterable<OutputsRequest>,
  ours: boolean,
): Promise<FirstRequest> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = iterator.next();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ours ? ourClientsMs : otherClientsMs, undefined);
  });
  const result = await Promise.race([first, timeout]).finally(() => clearTimeout(timer));
  if (result === undefined && ours) {
    throw new ConnectError(`no request came within ${ourClientsMs} ms`, Code.DeadlineExceeded);
  }
  if (result?.done === true) return { request: undefined, rest: none() };
  return { request: result?.value, rest: continued(iterator, result === undefined ? first : undefined) };
}

async function* none(): AsyncGenerator<never> {}

async function* continued<T>(
  iterator: AsyncIterator<T>,
  pending: Promise<IteratorResult<T>> | undefined,
): AsyncGenerator<T> {
  for (let next = pending ?? iterator.next(); ; next = iterator.next()) {
    const result = await next;
    if (result.done === true) return;
    yield result.value;
  }
}
