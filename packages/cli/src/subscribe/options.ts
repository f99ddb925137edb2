import type { ConnectionOptions } from "../connection/connection-options.js";
import type { ColorMode, Format, TimeFormat } from "../print/choices.js";
import type { FilterOptions } from "./filter-flags.js";

/** What `sub` and `get` are told. */
export interface SubscribeOptions extends ConnectionOptions, FilterOptions {
  group?: string;
  shared?: boolean;
  acknowledge?: boolean;
  after?: bigint;
  last?: number;
  /** In nanoseconds since 1970, as `until`. */
  since?: bigint;
  until?: bigint;
  follow?: boolean;
  count?: number;
  /** A file with alerts, or "-" for standard input. */
  input?: string;
  wait?: boolean;
  printFilters?: boolean;
  output?: Format;
  columns?: string;
  timeFormat: TimeFormat;
  color: ColorMode;
}
