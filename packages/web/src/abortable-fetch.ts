/**
 * The runtime's fetch, whose abort ends a response for certain. Node's forgets the signal of a response that is being
 * read once garbage was collected (it holds it weakly), and the server would keep the stream. Whoever hands the body on
 * cancels it here as well.
 */
export const abortableFetch: typeof fetch = async (input, init) => {
  const response = await globalThis.fetch(input, init);
  const { body, status, statusText, headers } = response;
  if (body === null || init?.signal == null) return response;
  const cancelled = body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal: init.signal });
  return new Response(cancelled, { status, statusText, headers });
};
