import type { IncomingMessage, ServerResponse } from "node:http";
import {
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from "node:http2";
import {
  type ConnectRouter,
  type ConnectRouterOptions,
  createContextValues,
  type ServiceImpl,
} from "@connectrpc/connect";
import { compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import {
  AdminService,
  HealthService,
  LegacyService,
  OutputsService,
  VersionService,
  versionHeader,
} from "@falco-outputs/core/contract";
import { certificateNamesKey } from "../admin/admission.js";
import { certificateNames } from "../admin/certificate-names.js";
import { capTimeout } from "./cap-timeout.js";
import { withFrames } from "./frames.js";
import { healthService } from "./health.js";
import { legacyService, outputsService } from "./outputs-service.js";
import { peerKey, peerOf } from "./peer.js";
import type { Delivery } from "./served-stream.js";
import { type FalcoVersion, versionService } from "./version.js";

export interface Services extends Delivery {
  readonly falco: FalcoVersion;
}

/** A subscriber's request names filters, a few names each; nothing that a client sends is large. */
const maxRequestBytes = 256 * 1024;

/** Accepts requests that came compressed. Never compresses: the frames are ready as they are. */
export const connectOptions = {
  acceptCompression: [compressionGzip],
  compressMinBytes: 0xffff_ffff,
  readMaxBytes: maxRequestBytes,
} satisfies ConnectRouterOptions;

/** Registers the contract's services; without `admin`, not the one for operators. */
export function routes(
  services: Services,
  admin?: ServiceImpl<typeof AdminService>,
): (router: ConnectRouter) => void {
  const implementations = {
    outputs: outputsService(services),
    legacy: legacyService(services),
    version: versionService(services.falco),
  };
  return (router) => {
    router.service(OutputsService, implementations.outputs);
    router.service(LegacyService, implementations.legacy);
    router.service(VersionService, implementations.version);
    router.service(HealthService, healthService);
    if (admin !== undefined) router.service(AdminService, admin);
    for (const [index, handler] of router.handlers.entries()) router.handlers[index] = withFrames(handler);
  };
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

function namesOf(request: Request): readonly string[] {
  return certificateNames("stream" in request ? request.stream.session?.socket : request.socket);
}

/**
 * Serves the contract to requests of node:http2 (and node:http). Never throws.
 * @param onFailure Told why a request could not be handled.
 */
export function requestHandler(
  services: Services,
  admin: ServiceImpl<typeof AdminService> | undefined,
  shutdownSignal: AbortSignal,
  onFailure: (reason: string) => void,
): (request: Request, response: Response) => void {
  const handle = connectNodeAdapter({
    ...connectOptions,
    routes: routes(services, admin),
    shutdownSignal,
    contextValues: (request) =>
      createContextValues()
        .set(peerKey, peerOf(request as Request))
        .set(certificateNamesKey, () => namesOf(request as Request)),
    fallback: (request, response) => unknownPath(request as Request, response as Response),
  });
  return (request, response) => {
    try {
      // Connect makes a URL of it. On a unix socket, gRPC's C core sends what is not a host name (tmp%2Ffalco.sock), and
      // a peer may send anything; nothing here depends on it.
      request.headers[":authority"] = "localhost";
      request.headers.host = "localhost";
      capTimeout(request.headers);
      handle(request as Http2ServerRequest, response as Http2ServerResponse);
      if ("stream" in response)
        response.stream.once("wantTrailers", () => setImmediate(endRequest, response.stream));
    } catch (reason) {
      onFailure(String(reason));
      response.statusCode = 400;
      (response as Http2ServerResponse).end();
    }
  };
}

/**
 * Tells a client that has its answer but is still sending to stop (RFC 9113, section 8.1). Otherwise the stream stays
 * open until it has sent everything, which it cannot, because nobody reads it.
 */
function endRequest(stream: ServerHttp2Stream): void {
  if (stream.readableEnded || stream.closed) return;
  stream.close(constants.NGHTTP2_NO_ERROR);
  // What arrived already would keep the stream, and so its connection.
  stream.destroy();
}

function unknownPath(request: Request, response: Response): void {
  const headers = { [versionHeader]: "1" };
  const grpc = request.headers["content-type"]?.startsWith("application/grpc") === true;
  if (!grpc || !("stream" in response)) {
    response.writeHead(404, headers);
    response.end();
    return;
  }
  // As gRPC has it: HTTP 200 and the status, in headers that end the stream.
  const status = { "grpc-status": "12", "grpc-message": "unknown method" };
  response.stream.respond(
    { ":status": 200, "content-type": "application/grpc", ...headers, ...status },
    { endStream: true },
  );
  setImmediate(endRequest, response.stream);
}
