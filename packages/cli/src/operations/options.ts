import type { OperationsListenerOptions } from "@falco-outputs/server";
import type { EventLabel } from "./events/labels.js";
import type { LivenessOptions } from "./falco/liveness.js";

/** The operations listener. */
export interface OperationsOptions {
  listener: OperationsListenerOptions;
  /** The labels of `falco_events`. Default: falco-exporter's. */
  eventLabels?: readonly EventLabel[];
  /** Whether the server is not ready while Falco is silent. Default: no. */
  readyNeedsFalco?: boolean;
}

/** How a server is watched. */
export interface WatchOptions {
  operations?: OperationsOptions;
  /** Undefined if Falco is not watched. */
  falco?: LivenessOptions;
}
