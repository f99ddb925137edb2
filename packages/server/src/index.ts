// Running a server.

export type { FalcoVersionSource } from "./grpc/version.js";
export type { FileInputOptions } from "./inputs/file/file-input-options.js";
export type { HttpInputOptions, InputsOptions } from "./inputs/inputs.js";
export type { InputStats } from "./inputs/intake.js";
export type { ListenOptions } from "./listen/grpc-listener.js";
export type { Pem, TlsOptions } from "./listen/pem.js";
export type { WebOptions } from "./listen/web-listener.js";
export type { LogStats } from "./log/alert-log.js";
export type { Logger } from "./logger.js";
export type { FormatOptions } from "./outputs/format/formatter.js";
export type { OutputStats } from "./outputs/output.js";
export type { OutputsOptions } from "./outputs/outputs.js";
export type { QueueOptions } from "./outputs/queued-output.js";
export {
  type FalcoOutputsServer,
  type ServerOptions,
  type ServerStats,
  startServer,
} from "./server.js";
