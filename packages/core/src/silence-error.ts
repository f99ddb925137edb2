/**
 * A server that should have said something did not: the connection is dead, whatever the transport believes. The call is
 * aborted with this reason.
 */
export class SilenceError extends Error {
  constructor(silentMs: number) {
    super(`nothing was heard for ${silentMs} ms: the connection is dead`);
    this.name = "SilenceError";
  }
}
