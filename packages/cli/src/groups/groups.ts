import { toJson } from "@bufbuild/protobuf";
import { GetStatusResponseSchema } from "@falco-outputs/core/contract";
import { printable, printableJson } from "@falco-outputs/core/printable";
import { askAdmin } from "../connection/ask-admin.js";
import type { ConnectionOptions } from "../connection/connection-options.js";
import { say } from "../print/line-writer.js";
import { groupLines } from "./group-lines.js";

/** Prints the groups, the shared queue first. */
export async function listGroups({
  output,
  ...options
}: ConnectionOptions & { output: string }): Promise<void> {
  const status = await askAdmin(options, ({ admin, call }) => admin.getStatus({}, call));
  if (output !== "json") return say(groupLines(status.groups).join("\n"));
  const { groups } = toJson(GetStatusResponseSchema, status, { alwaysEmitImplicit: true }) as {
    groups: unknown;
  };
  await say(printableJson(JSON.stringify(groups)));
}

/** @throws FalcoError that says why it cannot be forgotten. */
export async function forgetGroup(name: string, options: ConnectionOptions): Promise<void> {
  await askAdmin(options, ({ admin, call }) => admin.forgetGroup({ name }, call));
  await say(`forgot the group ${printable(JSON.stringify(name))}`);
}
