import type { ConnectionOptions } from "../connection/connection-options.js";
import type { ColorMode, Format } from "../print/choices.js";
import type { FilterOptions } from "./filter-options.js";

/** What `sub` and `get` are told. */
export interface SubscribeOptions extends ConnectionOptions, FilterOptions {
  group?: string;
  shared?: boolean;
  acknowledge?: boolean;
  after?: bigint;
  last?: number;
  follow?: boolean;
  count?: number;
  wait?: boolean;
  output: Format;
  color: ColorMode;
}
