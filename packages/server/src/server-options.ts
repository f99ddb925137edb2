import type { PriorityLike } from "@falco-outputs/core";
import type { AdminOptions } from "./admin/admission.js";
import type { FalcoLiveness } from "./admin/status.js";
import type { FalcoVersionSource } from "./grpc/version.js";
import type { InputsOptions } from "./inputs/inputs.js";
import type { ListenOptions } from "./listen/grpc-listener.js";
import type { WebOptions } from "./listen/web-listener.js";
import type { LogOptions } from "./log/open-log.js";
import type { Logger } from "./logger.js";
import type { OutputsOptions } from "./outputs/create-outputs.js";
import type { AlertObserver } from "./router.js";

/** What `startServer` takes. */
export interface ServerOptions {
  /** Where gRPC is served. Default: a unix socket of its own in a private temporary folder. */
  listen?: readonly (string | ListenOptions)[];
  /** Where alerts come from, besides `publish`, `readLines` and `readAlerts`. Default: nowhere. */
  inputs?: InputsOptions;
  /** Where alerts go besides gRPC: Falco's old outputs. Default: nowhere. */
  outputs?: OutputsOptions;
  /** Less severe alerts are not taken, as with Falco's `priority`. Default: "Debug", all are. */
  priority?: PriorityLike;
  /** Where browsers are served, over Connect and gRPC-Web. Default: nowhere. */
  web?: readonly (string | WebOptions)[];
  /** Keeps the alerts and the groups' places on a disk. Default: in memory, and a restart forgets them. */
  log?: LogOptions;
  /** How many alerts are kept in memory at most. Default: 100,000. */
  maxAlerts?: number;
  /** How much memory they take at most, in bytes; at least 4 MiB. Default: 128 MiB. */
  maxBytes?: number;
  /**
   * How long a stream may go without any progress before it is ended, in milliseconds: a write that the peer does not
   * read, or an acknowledgement that does not come. Default: 300,000.
   */
  stallTimeoutMs?: number;
  /**
   * How often a client of ours hears from its stream at least, in milliseconds; it takes three intervals of silence for a
   * lost connection. At least 100. Default: 15,000.
   */
  heartbeatIntervalMs?: number;
  /**
   * Who may ask how the server is, and have it forget groups (`falco.outputs.admin.v1.AdminService`), besides those on
   * unix sockets and in this process. Default: nobody. It is never served to browsers, nor over TCP without TLS.
   */
  admin?: AdminOptions;
  /**
   * Whether tools such as grpcurl may ask which services there are (gRPC server reflection). It is served wherever gRPC is,
   * not to browsers, and tells no more than the public contract. Default: true.
   */
  reflection?: boolean;
  /** Where Falco's version comes from. Default: nowhere, and `version` answers UNAVAILABLE. */
  falco?: FalcoVersionSource;
  /**
   * Called with each batch of alerts that `priority` lets pass, before the outputs have it: for counting. Every input waits
   * for it, so it must be fast; it must not keep the bytes, nor throw.
   */
  onAlerts?: AlertObserver;
  /** Asked when an operator asks for the status: whether Falco is alive. Default: the status says nothing about it. */
  falcoLiveness?: () => FalcoLiveness | undefined;
  /** Default: silence. */
  logger?: Logger;
}
