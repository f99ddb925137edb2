import type { AlertBatch } from "../alert-batch.js";
import type { Matcher } from "../log/filter/matcher.js";
import { selectAlerts } from "../select-alerts.js";
import type { Output, OutputStats } from "./output.js";

/** An output that gets only some of the alerts. */
export class SelectiveOutput implements Output {
  readonly #output: Output;
  readonly #passes: Matcher;
  #filtered = 0;

  constructor(output: Output, passes: Matcher) {
    this.#output = output;
    this.#passes = passes;
  }

  get name(): string {
    return this.#output.name;
  }

  get isCrowded(): boolean {
    return this.#output.isCrowded;
  }

  write(batch: AlertBatch): void {
    const selected = selectAlerts(batch, this.#passes);
    this.#filtered += batch.ends.length - selected.ends.length;
    if (selected.ends.length > 0) this.#output.write(selected);
  }

  reopen(): void {
    this.#output.reopen();
  }

  stats(): OutputStats {
    return { ...this.#output.stats(), filtered: this.#filtered };
  }

  close(): Promise<void> {
    return this.#output.close();
  }
}
