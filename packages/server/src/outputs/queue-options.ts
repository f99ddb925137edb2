import { milliseconds, wholeNumber } from "@falco-outputs/core/options";

export interface QueueOptions {
  /**
   * How many alerts an output's queue holds; when it is full, new ones are dropped (falco.yaml's `outputs_queue.capacity`).
   * Default: 10,000.
   */
  maxAlerts?: number;
  /** How much memory they may take, in bytes. Default: 16 MiB. */
  maxBytes?: number;
  /** How long one attempt to write may take, in milliseconds (falco.yaml's `output_timeout`). Default: 2,000. */
  timeoutMs?: number;
  /** How long alerts are retried after errors, in milliseconds. Default: 60,000. */
  retryMs?: number;
}

const defaultMaxAlerts = 10_000;
const defaultMaxBytes = 16 * 1024 * 1024;
const defaultTimeoutMs = 2_000;
const defaultRetryMs = 60_000;

/** @throws OptionError */
export function checkedQueue({
  maxAlerts,
  maxBytes,
  timeoutMs,
  retryMs,
}: QueueOptions = {}): Required<QueueOptions> {
  return {
    maxAlerts: wholeNumber("outputs.queue.maxAlerts", maxAlerts, defaultMaxAlerts),
    maxBytes: wholeNumber("outputs.queue.maxBytes", maxBytes, defaultMaxBytes),
    timeoutMs: milliseconds("outputs.queue.timeoutMs", timeoutMs, defaultTimeoutMs),
    retryMs: milliseconds("outputs.queue.retryMs", retryMs, defaultRetryMs),
  };
}
