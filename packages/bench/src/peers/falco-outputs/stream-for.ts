import type { AlertStream, Client } from "@falco-outputs/node";
import type { Wanted } from "../roles.js";

/** The stream for what is wanted. */
export function streamFor(
  client: Client,
  { after, minPriority, group, acknowledge = false, shared = false }: Wanted,
): AlertStream {
  if (shared) return client.get();
  const options = { after: BigInt(after), ...(minPriority !== undefined && { minPriority }) };
  if (group === undefined) return client.get({ broadcast: true, ...options });
  return acknowledge ? client.sub({ group, acknowledge, ...options }) : client.get({ group, ...options });
}
