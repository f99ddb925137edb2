import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { RequestFilterSchema } from "@falco-outputs/core/contract";
import type { Filter } from "../filter/filter.js";

/** A filter of the contract, with only the parts that matter. */
export type FilterParts = MessageInitShape<typeof RequestFilterSchema>;

/** Which alerts pass, as a subscription has it. */
export function filterOf(lists: { allow?: readonly FilterParts[]; deny?: readonly FilterParts[] }): Filter {
  const { allow = [], deny = [] } = lists;
  const toMessages = (filters: readonly FilterParts[]) =>
    filters.map((filter) => create(RequestFilterSchema, filter));
  return { allow: toMessages(allow), deny: toMessages(deny) };
}

export function allow(...filters: FilterParts[]): Filter {
  return filterOf({ allow: filters });
}

export function deny(...filters: FilterParts[]): Filter {
  return filterOf({ deny: filters });
}
