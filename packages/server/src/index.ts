// biome-ignore-all assist/source/organizeImports: grouped by what one needs first

// Running a server.
export { startServer } from "./start-server.js";
export type { FalcoOutputsServer, ServerStats } from "./server.js";
export type { ServerOptions } from "./server-options.js";
export type { Logger } from "./logger.js";

// Where alerts come from.
export type { InputsOptions } from "./inputs/inputs.js";
export type { HttpInputOptions } from "./listen/http-listener.js";
export type { NamedToken } from "./listen/http-tokens.js";
export type { FileInputOptions } from "./inputs/file/file-input-options.js";
export type { ReadLinesOptions } from "./inputs/lines.js";
export type { ReadAlertsOptions } from "./inputs/grpc-input.js";
export type { FalcoVersionSource } from "./grpc/version.js";

// Where alerts are kept.
export type { LogOptions } from "./log/open-log.js";
export { LogDirectoryError, type LogDirectoryProblem } from "./log/disk/log-directory-error.js";

// Looking at a log on a disk, without a server.
export { inspectLog, type InspectedSegment, type LogInspection, readLogAlerts } from "./log/disk/inspect.js";
export type { Finding } from "./log/disk/read-segments.js";
export type { Unreadable } from "./log/disk/chunk-reader.js";
export type { GroupPlace } from "./log/group-place.js";

// Who may subscribe, and where.
export type { ListenOptions } from "./listen/grpc-listener.js";
export type { AdminOptions } from "./admin/admission.js";
export type { WebOptions } from "./listen/web-listener.js";
export type { Pem, TlsOptions } from "./listen/pem.js";
export type { SocketPermissions } from "./listen/socket-permissions.js";

// Watching it.
export type { AlertBatch, Pieces } from "./alert-batch.js";
export type { AlertObserver } from "./router.js";
export type { FalcoLiveness } from "./admin/status.js";
export type { ListenerKind, ListenerState } from "./listen/listener.js";
export {
  listenOperations,
  type OperationsListener,
  type OperationsListenerOptions,
} from "./listen/operations-listener.js";

// Falco's other outputs.
export type { OneOrMore, OutputsOptions } from "./outputs/create-outputs.js";
export type { NamedOutput, OutputSelection } from "./outputs/selection.js";
export type { FormatOptions } from "./outputs/format/formatter.js";
export type { QueueOptions } from "./outputs/queue-options.js";
export type { StdoutOptions } from "./outputs/stdout.js";
export type { FileOptions } from "./outputs/file.js";
export type { ProgramOptions } from "./outputs/program/program.js";
export type { HttpOutputOptions } from "./outputs/http/http-output.js";
export type { HttpTlsOptions } from "./outputs/http/tls-context.js";
export { localSyslogSocket, type SyslogOutputOptions } from "./outputs/syslog/syslog-output.js";
export type { SyslogTlsOptions } from "./outputs/syslog/remote-sink.js";
export type { Facility } from "./outputs/syslog/facility.js";

// For a program that tells its service manager.
export { DatagramSender } from "./outputs/syslog/datagram-sender.js";

// What the counters count.
export type { DiskStats, LogStats } from "./log/alert-log.js";
export type { InputStats } from "./inputs/intake.js";
export type { OutputStats } from "./outputs/output.js";
