/// <reference lib="esnext.disposable" preserve="true" />
import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import {
  type AlertStream,
  Code,
  type Client as CoreClient,
  FalcoError,
  type GetOptions,
  OptionError,
} from "@falco-outputs/core";
import { startHeader } from "@falco-outputs/core/contract";
import { toHeaders } from "@falco-outputs/core/options";
import { createTransportClient } from "@falco-outputs/core/transport";
import { abortableFetch } from "./abortable-fetch.js";
import { explainFor } from "./explain.js";

export interface ClientOptions {
  /** Where the server serves browsers, e.g. "http://127.0.0.1:5062"; a path leads to the page's own server. */
  baseUrl: string;
  /** What is spoken there. The server takes both; a proxy on the way may know only one. Default: "connect". */
  protocol?: "connect" | "grpc-web";
  /** The token that the server asks for. Anyone who can read the page's script has it. */
  token?: string;
}

/** What `sub` takes in a browser: no acknowledgement, which takes a two-way stream. */
export type SubOptions = GetOptions & { follow?: never; until?: never };

/** Subscribes to a Falco Outputs server. */
export interface Client extends Omit<CoreClient, "sub"> {
  /**
   * Subscribes: to a broadcast of all alerts, to a group, whose members share its alerts, or to the shared queue, of
   * which each alert goes to one subscriber. The stream goes on until it is left, and comes back by itself when the
   * connection is lost. Iterating throws a FalcoError when it cannot.
   * @throws FalcoError with InvalidArgument for options that cannot work, or do not go together.
   */
  sub(options?: SubOptions): AlertStream;
}

/**
 * A client for a server's address. Each stream that is open takes one connection, of which a browser allows six to one
 * server over HTTP/1.1, all tabs together.
 * @throws OptionError, which is a FalcoError with InvalidArgument, for an option that cannot work.
 */
export function createClient({ baseUrl, protocol = "connect", token }: ClientOptions): Client {
  const url = absolute(baseUrl);
  const options = {
    baseUrl: url.href,
    useBinaryFormat: true,
    fetch: abortableFetch,
    interceptors: token === undefined ? [] : [withToken(token)],
  };
  const client = createTransportClient({
    transport: createTransport(protocol, options),
    address: url.href.replace(/\/$/, ""),
    explain: explainFor(url, token !== undefined),
  });
  return {
    sub(options = {}) {
      assertNoAcknowledgement(options);
      const headers = toHeaders(options.headers);
      headers.set(startHeader, "now");
      const stream = client.get({ ...options, headers, follow: true });
      // Last, as others say it last.
      assertNoFollow(options);
      return stream;
    },
    get(options = {}) {
      assertNoAcknowledgement(options);
      return client.get(options);
    },
    version: (options) => client.version(options),
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function createTransport(protocol: string, options: Parameters<typeof createConnectTransport>[0]) {
  if (protocol === "connect") return createConnectTransport(options);
  if (protocol === "grpc-web") return createGrpcWebTransport(options);
  throw new OptionError({ option: "protocol", got: protocol, expected: '"connect" or "grpc-web"' });
}

function absolute(baseUrl: string): URL {
  // Where there is no page, such as in a test, there is nothing to be relative to.
  const page = globalThis.location?.href;
  const url = URL.canParse(baseUrl, page) ? new URL(baseUrl, page) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "") return url;
  throw new OptionError({
    option: "baseUrl",
    got: baseUrl,
    expected: 'a URL without a query as in "http://127.0.0.1:5062"',
  });
}

function withToken(token: string): Interceptor {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new OptionError({ option: "token", expected: "visible ASCII characters" });
  }
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

// The types do not offer what these refuse, but JavaScript does.

/** In the words of the other clients, whose servers would refuse it. */
function assertNoFollow({ follow }: { follow?: boolean }): void {
  if (follow !== true) return;
  throw new FalcoError("follow: sub follows anyway, it is for get", Code.InvalidArgument);
}

function assertNoAcknowledgement({ acknowledge }: { acknowledge?: unknown }): void {
  if (acknowledge === undefined || acknowledge === false) return;
  throw new OptionError({
    option: "acknowledge",
    got: acknowledge,
    expected: "false: a browser cannot open the two-way stream that it takes, which a server can",
  });
}
