import type { AlertBatch } from "../alert-batch.js";
import type { AlertLog, Appended } from "../log/alert-log.js";
import type { Output, OutputStats } from "./output.js";

/** The grpc output: the alert log, on which every subscriber is a cursor. Its bound is the output's queue. */
export class GrpcOutput implements Output<Appended | Promise<Appended>> {
  readonly name = "grpc";
  /** The log drops its oldest alerts, and reports that: nobody has to wait. */
  readonly isCrowded = false;
  readonly #log: AlertLog;

  constructor(log: AlertLog) {
    this.#log = log;
  }

  write(batch: AlertBatch): Appended | Promise<Appended> {
    return this.#log.append(batch);
  }

  reopen(): void {}

  /** Summed over the shared queue, all groups and the current broadcasts: each gets every alert. */
  stats(): OutputStats {
    const { groups, broadcast } = this.#log.stats();
    const stats = { written: 0, failed: 0, dropped: 0, waiting: 0 };
    for (const { delivered, lost, waiting } of [...Object.values(groups), broadcast]) {
      stats.written += delivered;
      stats.dropped += lost;
      stats.waiting += waiting;
    }
    return stats;
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
