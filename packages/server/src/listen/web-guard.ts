import type { IncomingMessage, ServerResponse } from "node:http";
import { cors } from "@connectrpc/connect";
import { isLoopback, readAddress } from "@falco-outputs/core/address";
import {
  heartbeatHeader,
  positionHeader,
  startHeader,
  versionHeader,
  windowHeader,
} from "@falco-outputs/core/contract";
import { OptionError } from "@falco-outputs/core/options";
import { BearerToken } from "./bearer-token.js";

/** An answer instead of a call. */
export interface Refusal {
  /** 204 for a preflight request. */
  readonly status: 204 | 401 | 403;
  readonly reason: string;
  /** What is logged; undefined: nothing. */
  readonly logged?: string;
  /** The wrong value. */
  readonly got?: string;
}

const allowedMethods = "POST";
const allowedHeaders = [...cors.allowedHeaders, "authorization", versionHeader, startHeader].join(", ");
const exposedHeaders = [
  ...cors.exposedHeaders,
  versionHeader,
  positionHeader,
  windowHeader,
  heartbeatHeader,
].join(", ");
/** How long a browser may remember a preflight's answer, in seconds: the longest that Chromium takes. */
const preflightAge = "7200";
/** How much of a header is logged, in UTF-16 units. */
const maxLogged = 200;
/** Addresses that mean all of the machine's addresses. */
const wildcards = new Set(["0.0.0.0", "::"]);

/** Decides which requests may become calls, and tells browsers which pages may read the answers. */
export class WebGuard {
  readonly #host: string;
  readonly #token: BearerToken | undefined;
  readonly #origins: ReadonlySet<string>;

  /**
   * @param option What the options are called, e.g. `web[0]`.
   * @throws OptionError for a token or an origin that cannot work.
   */
  constructor(option: string, host: string, token: string | undefined, allowedOrigins: readonly string[]) {
    this.#host = host.toLowerCase();
    if (token !== undefined) this.#token = new BearerToken(token, `${option}.token`);
    for (const [index, origin] of allowedOrigins.entries()) {
      assertOrigin(`${option}.allowedOrigins[${index}]`, origin);
    }
    this.#origins = new Set(allowedOrigins);
  }

  /** Undefined if the request may run; sets the answer's headers for browsers. */
  check(request: IncomingMessage, response: ServerResponse): Refusal | undefined {
    const { host, origin, authorization, "sec-fetch-site": site } = request.headers;
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("vary", "origin");
    // A page whose own name was made to resolve to this machine is of the same origin for its browser.
    if (!this.#isOwnName(host)) {
      return forbidden(
        "the host is not a name of this server: use its address",
        "the host is not a name of this server",
        host,
      );
    }
    if (origin !== undefined) {
      if (!this.#origins.has(origin)) {
        return forbidden(
          "pages of this origin are not allowed (allowedOrigins)",
          "the origin is not one of allowedOrigins",
          origin,
        );
      }
      response.setHeader("access-control-allow-origin", origin);
      response.setHeader("access-control-expose-headers", exposedHeaders);
    } else if (site !== undefined && site !== "none") {
      return forbidden("a page's request needs an origin", "a page's request came without an origin");
    }
    if (request.method === "OPTIONS" && origin !== undefined) {
      response.setHeader("access-control-allow-methods", allowedMethods);
      response.setHeader("access-control-allow-headers", allowedHeaders);
      response.setHeader("access-control-max-age", preflightAge);
      return { status: 204, reason: "" };
    }
    const reason = this.#token?.refusalOf(authorization);
    if (reason === undefined) return undefined;
    response.setHeader("www-authenticate", "Bearer");
    return { status: 401, reason, logged: reason };
  }

  /** A wildcard address has no single name; the token protects it. */
  #isOwnName(host: string | undefined): boolean {
    const name = nameOf(host);
    if (name === undefined) return false;
    return isLoopback(name) || name === this.#host || wildcards.has(this.#host);
  }
}

/** The name in a `host` header, without its port. */
function nameOf(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  // The header leaves out the scheme's own port.
  const address = readAddress(/:\d+$/.test(host) ? host : `${host}:80`);
  return address?.kind === "tcp" ? address.host.toLowerCase() : undefined;
}

function assertOrigin(option: string, origin: string): void {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.origin === origin) return;
  throw new OptionError({
    option,
    got: origin,
    expected: 'scheme, host and port of a page, e.g. "http://localhost:8080" or "https://dashboard.example"',
  });
}

function forbidden(reason: string, logged: string, got = ""): Refusal {
  return { status: 403, reason, logged, got: got.slice(0, maxLogged) };
}
