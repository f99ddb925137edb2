import type { ExpectedAlert } from "./case.js";

/** An alert that a case expects, and what its sequence number is. */
export interface Wanted {
  alert: ExpectedAlert;
  /** Undefined where nobody knows it. */
  sequence: bigint | undefined;
  /** It tells a loss, and has no sequence number. */
  isLoss: boolean;
}
