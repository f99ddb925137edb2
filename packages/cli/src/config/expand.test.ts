// biome-ignore-all lint/suspicious/noTemplateCurlyInString: as they stand in a file
import { expect, it } from "vitest";
import { parseDocument } from "yaml";
import { expandVariables } from "./expand.js";

const environment = { A: "a", B: "b", EMPTY: "", NESTED: "${A}", DOLLAR: "$", NUMBER: "2000", YES: "true" };

function expanded(yaml: string): unknown {
  const document = parseDocument(yaml);
  expandVariables(document, environment);
  return document.toJS();
}

it.each<[string, unknown]>([
  ["x: ${A}", { x: "a" }],
  ["x: '-${A}-${B}-'", { x: "-a-b-" }],
  ["x: ${UNSET}", { x: "" }],
  ["x: a${EMPTY}b", { x: "ab" }],
  ["x: $${A}", { x: "${A}" }],
  ["x: $${A}${A}", { x: "${A}a" }],
  ["x: $A", { x: "$A" }],
  ["x: ${A", { x: "${A" }],
  ["x: $${A", { x: "$${A" }],
  ["x: ${}", { x: "" }],
  ["x: ${NESTED}", { x: "${A}" }],
  ["x: ${DOLLAR}${A}", { x: "$a" }],
  ["x: ${NUMBER}", { x: "2000" }],
  ["x: 1${NUMBER}", { x: "12000" }],
  ["x: ${YES}", { x: "true" }],
  ["x: [1, '${A}', { y: '${B}' }]", { x: [1, "a", { y: "b" }] }],
  ["x: &x ${A}\ny: *x", { x: "a", y: "a" }],
  ["x: |\n  one ${A}\n  two $${B}\n", { x: "one a\ntwo ${B}\n" }],
  ["${A}: 1", { "${A}": 1 }],
  ["x: 1\ny: true\nz:", { x: 1, y: true, z: null }],
])("reads %j as Falco does", (yaml, value) => {
  expect(expanded(yaml)).toEqual(value);
});
