import { Code } from "@connectrpc/connect";

export { Code };

export interface FalcoErrorOptions {
  /** What was being done, e.g. "sub on unix:///run/falco/falco.sock". */
  tried?: string | undefined;
  cause?: unknown;
  /** The server said so, as opposed to an error of this side or of the connection. */
  fromServer?: boolean;
}

/** The one error that this package and those built on it throw. */
export class FalcoError extends Error {
  /** The gRPC status code (https://grpc.io/docs/guides/status-codes/). */
  readonly code: Code;
  /** What was being done, e.g. "sub on unix:///run/falco/falco.sock"; undefined where nothing was being called. */
  readonly tried: string | undefined;
  /** Whether the server sent this error. */
  readonly fromServer: boolean;

  constructor(message: string, code: Code, options: FalcoErrorOptions = {}) {
    super(
      options.tried === undefined ? message : `${options.tried}: ${message}`,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.name = "FalcoError";
    this.code = code;
    this.tried = options.tried;
    this.fromServer = options.fromServer ?? false;
  }

  /** The code by its gRPC name, e.g. "UNAVAILABLE". */
  get codeName(): string {
    return codeName(this.code);
  }
}

/** A status code's gRPC name, e.g. "UNAVAILABLE" for 14. */
export function codeName(code: Code): string {
  // Connect's names are in Pascal case, and spell this one as Go does.
  return code === Code.Canceled ? "CANCELLED" : Code[code].replace(/(?<!^)[A-Z]/g, "_$&").toUpperCase();
}

/** What a transport's error means. */
export interface Explanation {
  /** What happened, and what to do about it. */
  message: string;
  code: Code;
  /** Whether the other side closed a connection that was in order: another attempt needs no wait. Default: false. */
  retryAtOnce?: boolean;
}

/** Explains the reason that a runtime reports for a failed call; undefined for one that it does not know. */
export type Explain = (reason: unknown) => Explanation | undefined;
