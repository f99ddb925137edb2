import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { ConnectRouter, ConnectRouterOptions } from "@connectrpc/connect";
import { compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import {
  HealthService,
  LegacyService,
  OutputsService,
  VersionService,
  versionHeader,
} from "@falco-outputs/core/contract";
import type { AlertLog } from "../log/alert-log.js";
import type { Logger } from "../logger.js";
import { withFrames } from "./frames.js";
import { healthService } from "./health.js";
import { legacyService, outputsService } from "./outputs.js";
import type { Subscribers } from "./subscribers.js";
import { type FalcoVersionSource, versionService } from "./version.js";

export interface Services {
  log: AlertLog;
  subscribers: Subscribers;
  falco: FalcoVersionSource | undefined;
}

/** A subscriber's request names filters, a few names each; nothing that a client sends is large. */
const maxRequestBytes = 256 * 1024;

/** Accepts requests that came compressed. Never compresses: the frames are ready as they are. */
export const connectOptions = {
  acceptCompression: [compressionGzip],
  compressMinBytes: 0xffff_ffff,
  readMaxBytes: maxRequestBytes,
} satisfies ConnectRouterOptions;

/** Registers the contract's services. */
export function routes({ log, subscribers, falco }: Services): (router: ConnectRouter) => void {
  const implementations = {
    outputs: outputsService(log, subscribers),
    legacy: legacyService(log, subscribers),
    version: versionService(falco),
  };
  return (router) => {
    router.service(OutputsService, implementations.outputs);
    router.service(LegacyService, implementations.legacy);
    router.service(VersionService, implementations.version);
    router.service(HealthService, healthService);
    for (const [index, handler] of router.handlers.entries()) router.handlers[index] = withFrames(handler);
  };
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** Serves the contract to requests of node:http2 (and node:http). Never throws. */
export function requestHandler(
  services: Services,
  shutdownSignal: AbortSignal,
  logger: Logger,
): (request: Request, response: Response) => void {
  const handle = connectNodeAdapter({
    ...connectOptions,
    routes: routes(services),
    shutdownSignal,
    fallback: (request, response) => unknownPath(request as Request, response as Response),
  });
  return (request, response) => {
    try {
      // Connect makes a URL of it. gRPC's C core sends what is no host name on a unix socket (tmp%2Ffalco.sock), and
      // a peer may send anything; nothing here depends on it.
      request.headers[":authority"] = "localhost";
      request.headers.host = "localhost";
      handle(request as Http2ServerRequest, response as Http2ServerResponse);
    } catch (reason) {
      logger.warn({ reason: String(reason) }, "a request could not be handled");
      response.statusCode = 400;
      (response as Http2ServerResponse).end();
    }
  };
}

function unknownPath(request: Request, response: Response): void {
  const headers = { [versionHeader]: "1" };
  const grpc = request.headers["content-type"]?.startsWith("application/grpc") === true;
  // As gRPC has it: the status in trailers that come alone, with HTTP 200.
  const head: [number, Record<string, string>] = grpc
    ? [
        200,
        {
          ...headers,
          "content-type": "application/grpc",
          "grpc-status": "12",
          "grpc-message": "unknown method",
        },
      ]
    : [404, headers];
  (response as Http2ServerResponse).writeHead(...head).end();
}
