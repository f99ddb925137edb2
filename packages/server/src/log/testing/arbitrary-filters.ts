import fc from "fast-check";
import type { FilterParts } from "./filters.js";
import { fieldNames, words } from "./wire.js";

const patterns = [...words, "**", "a*b", "*a", "*b*", "a*a", "\\*", "a\\*", "\\*\\*", "x*x", "*🦅"] as const;
const pattern = fc.constantFrom(...patterns);
const values = fc.array(pattern, { maxLength: 3 });

const filterParts: fc.Arbitrary<FilterParts> = fc.record(
  {
    minPriority: fc.nat(7),
    tags: values,
    rules: values,
    sources: values,
    hostnames: values,
    fields: fc.array(fc.record({ name: fc.constantFrom(...fieldNames), values }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
/** What `filterOf` takes. */
export const filterLists: fc.Arbitrary<{ allow: FilterParts[]; deny: FilterParts[] }> = fc.record({
  allow: fc.array(filterParts, { maxLength: 3 }),
  deny: fc.array(filterParts, { maxLength: 2 }),
});
