import { toJson } from "@bufbuild/protobuf";
import { OutputsRequestSchema } from "@falco-outputs/core/contract";
import { filtering } from "@falco-outputs/core/options";
import { printableJson } from "@falco-outputs/core/printable";
import { clientFlags, inFlags } from "../args/flags.js";
import { say } from "../print/line-writer.js";
import type { Filters } from "./filters-of.js";

/** Prints what a server would be sent, as JSON: `allow` and `deny` are lists that --allow and --deny take. */
export async function printFilters(filters: Filters & Window): Promise<void> {
  const { allow, deny, since, until } = asJson(filters);
  await say(printableJson(JSON.stringify({ allow: allow ?? [], deny: deny ?? [], since, until })));
}

interface Window {
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
}

function asJson({ allow, deny, since, until }: Filters & Window): Record<string, unknown> {
  try {
    const { request } = filtering({
      allow,
      deny,
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
    });
    return toJson(OutputsRequestSchema, request, { useProtoFieldName: true }) as Record<string, unknown>;
  } catch (error) {
    throw inFlags(error, clientFlags);
  }
}
