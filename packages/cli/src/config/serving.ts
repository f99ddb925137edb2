import type { ClientOptions } from "@falco-outputs/node";
import type { ServerOptions } from "@falco-outputs/server";
import type { WatchOptions } from "../operations/options.js";

/** What `serve` does. */
export interface Serving {
  server: ServerOptions;
  /** Whether alerts are read from standard input. */
  stdin: boolean;
  upstreams: readonly Upstream[];
  watch: WatchOptions;
  /** By the configuration's key of a list, the keys of its items that are on. */
  items: Readonly<Record<string, readonly string[]>>;
  /** The blocks that the configuration leaves out and that are on without it. */
  byDefault: readonly string[];
}

/** A server, ours or a Falco up to 0.43, whose alerts are taken. */
export interface Upstream {
  /** Its block, e.g. `inputs.grpc[0]`. */
  key: string;
  name: string;
  address: string;
  group: string | undefined;
  client: ClientOptions;
}
