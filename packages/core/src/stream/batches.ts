/** The method by which a transport's messages can be had several at a time, as they arrived. */
export const batches: unique symbol = Symbol.for("falco-outputs.batches") as never;

/** Messages of a transport that decodes many at once, so that each costs no more than its decoding. */
export interface Batched<T> extends AsyncIterable<T> {
  [batches](): AsyncIterator<readonly T[]>;
}

/** The messages of any transport in batches, of one each where the transport has no others. */
export function batchesOf<T>(messages: AsyncIterable<T> | Batched<T>): AsyncIterator<readonly T[]> {
  if (batches in messages) return messages[batches]();
  const iterator = messages[Symbol.asyncIterator]();
  return {
    async next() {
      const message = await iterator.next();
      return message.done === true ? message : { value: [message.value], done: false };
    },
  };
}
