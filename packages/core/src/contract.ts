/**
 * The contract's services and messages under names of their own: Falco calls every service `service`, every message
 * `request` or `response`. For those who serve the contract or bring a transport; a subscriber needs none of it.
 */

export { filterFields, type ListFilter, listFilters } from "./filter.js";
export {
  responseSchema as LegacyResponseSchema,
  service as LegacyService,
} from "./gen/falco/output/output_pb.js";
export {
  AdminService,
  FalcoLiveness_State as FalcoLivenessState,
  type GetStatusResponse,
  GetStatusResponseSchema,
} from "./gen/falco/outputs/admin/v1/admin_pb.js";
export {
  type filter as RequestFilter,
  filterSchema as RequestFilterSchema,
  type request as OutputsRequest,
  requestSchema as OutputsRequestSchema,
  type response as OutputsResponse,
  responseSchema as OutputsResponseSchema,
  service as OutputsService,
} from "./gen/falco/outputs/outputs_pb.js";
export {
  type response as VersionResponse,
  responseSchema as VersionResponseSchema,
  service as VersionService,
} from "./gen/falco/version/version_pb.js";
export {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "./gen/grpc/health/v1/health_pb.js";
export { ServerReflection as ReflectionService } from "./gen/grpc/reflection/v1/reflection_pb.js";
export { parsePattern } from "./pattern.js";
export { fieldsOf, filterLimits, refusal } from "./refusal.js";
export { isTimestamp, timestampNs } from "./time.js";

/** Request and response header by which our clients and our server know each other; its value is "1". */
export const versionHeader = "falco-outputs-version";
/**
 * Request header of `get`; with the value "now" a broadcast starts with what comes, as `sub` does. For clients that
 * cannot open the two-way stream of `sub`.
 */
export const startHeader = "falco-outputs-start";
/** Response header: the sequence number after which a stream starts. */
export const positionHeader = "falco-outputs-position";
/** Response header: how many responses may be unacknowledged; 0 without acknowledgement. */
export const windowHeader = "falco-outputs-window";
/**
 * Response header, to our clients: the longest time between two messages of a stream, in milliseconds; without an alert, the
 * server sends `scanned`. A client that hears nothing for three of them has lost the connection.
 */
export const heartbeatHeader = "falco-outputs-heartbeat-ms";

// For transports: what they hand over, and how errors are told apart.
export { CallbackError } from "./callback-error.js";
export { isUnanswered } from "./fetch-failure.js";
export { SilenceError } from "./silence-error.js";
export { type Batched, batches } from "./stream/batches.js";
