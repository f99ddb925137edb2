import { Priority, parsePriority } from "@falco-outputs/core";
import { durationMs } from "../args/duration.js";
import { UsageError } from "../args/usage-error.js";
import type { OperationsOptions, WatchOptions } from "../operations/options.js";
import { defined } from "./defined.js";
import { socketOptions } from "./listen.js";
import { readAddress } from "./read-address.js";
import type { Config } from "./schema.js";

const defaultAddress = "127.0.0.1:9376";
/** Labels by which Falco's snapshots are known. */
const neededLabels = ["rule", "source"] as const;

/** How the server is watched. @throws UsageError that names a key which makes no sense. */
export function watching(config: Config): WatchOptions {
  const operations = operationsOf(config);
  const { url, metrics_interval, expect_every, alert_when_silent: alert } = config.falco ?? {};
  const isWatched = (url ?? metrics_interval ?? expect_every) !== undefined;
  if (alert === true && !isWatched) {
    throw new UsageError("falco.alert_when_silent: needs url, metrics_interval or expect_every");
  }
  if (metrics_interval !== undefined) assertSnapshotsCome(config);
  return defined({
    operations,
    falco: isWatched
      ? defined({
          url,
          metricsIntervalMs: msOf(metrics_interval),
          expectEveryMs: msOf(expect_every),
          alert,
        })
      : undefined,
  });
}

function msOf(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration);
}

function operationsOf({ operations: block }: Config): OperationsOptions | undefined {
  if (block === undefined || block.enabled === false) return undefined;
  const { bind_address: address = defaultAddress, private_key, cert_chain, root_certs, insecure } = block;
  if ((cert_chain === undefined) !== (private_key === undefined)) {
    throw new UsageError("operations: private_key and cert_chain go together");
  }
  if (root_certs !== undefined && cert_chain === undefined) {
    throw new UsageError("operations.root_certs: needs private_key and cert_chain");
  }
  const isUnix = readAddress("operations.bind_address", address).kind === "unix";
  const tls =
    cert_chain === undefined || private_key === undefined
      ? undefined
      : defined({ cert: cert_chain, key: private_key, ca: root_certs });
  return defined({
    listener: defined({ address, insecure, tls, ...(isUnix && socketOptions(block)) }),
    eventLabels: block.event_labels,
    readyNeedsFalco: block.ready_needs_falco,
  });
}

function assertSnapshotsCome({ priority, operations }: Config): void {
  const least = priority === undefined ? undefined : parsePriority(priority);
  if (least !== undefined && least < Priority.Informational) {
    throw new UsageError(
      `falco.metrics_interval: Falco's snapshots are informational, and priority: ${priority} keeps them out`,
    );
  }
  const labels = operations?.event_labels;
  if (labels !== undefined && !neededLabels.every((label) => labels.includes(label))) {
    throw new UsageError(
      `falco.metrics_interval: needs ${neededLabels.join(" and ")} among operations.event_labels, by which Falco's snapshots are known`,
    );
  }
}
