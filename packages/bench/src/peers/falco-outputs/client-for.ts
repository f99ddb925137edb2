import { type Client, createClient } from "@falco-outputs/node";
import type { Target } from "../roles.js";

export function clientFor(target: Target): Client {
  return "path" in target
    ? createClient({ address: target.path })
    : createClient({ address: target.authority, tls: target.tls });
}
