import { toJson } from "@bufbuild/protobuf";
import { GetStatusResponseSchema } from "@falco-outputs/core/contract";
import { printableJson } from "@falco-outputs/core/printable";
import { askAdmin } from "../connection/ask-admin.js";
import type { ConnectionOptions } from "../connection/connection-options.js";
import { say } from "../print/line-writer.js";
import { statusLines } from "./status-lines.js";

/** Prints how a server is. JSON is that of the API's message, and the address. */
export async function status({ output, ...options }: ConnectionOptions & { output: string }): Promise<void> {
  const { address, answer } = await askAdmin(options, async ({ admin, call, address }) => ({
    address,
    answer: await admin.getStatus({}, call),
  }));
  if (output !== "json") return say(statusLines(address, answer).join("\n"));
  const json = toJson(GetStatusResponseSchema, answer, { alwaysEmitImplicit: true }) as Record<
    string,
    unknown
  >;
  await say(printableJson(JSON.stringify({ address, ...json })));
}
