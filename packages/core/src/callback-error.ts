/**
 * What a function of the caller's threw, such as an interceptor: its cause. Whatever it passes through, it is known from
 * a connection that failed, and the caller gets the cause itself.
 */
export class CallbackError extends Error {
  constructor(cause: unknown) {
    super("a function of the caller's threw", { cause });
    this.name = "CallbackError";
  }
}
