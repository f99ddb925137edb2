import type { GetStatusResponse } from "@falco-outputs/core/contract";
import { aligned } from "../print/aligned.js";

const header = ["GROUP", "MEMBERS", "WAITING", "DELIVERED", "REDELIVERED", "FILTERED", "LOST"];

/** A table of groups. The shared queue is the group without a name. */
export function groupLines(groups: GetStatusResponse["groups"]): string[] {
  return aligned(
    header,
    groups.map(({ name, members, waiting, delivered, redelivered, filtered, lost }) => [
      name === "" ? "(shared queue)" : name,
      members,
      waiting,
      delivered,
      redelivered,
      filtered,
      lost,
    ]),
  );
}
