import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { configSchema } from "./schema.js";
import { servingOf } from "./serving-of.js";

/** Posts to the server: that is for Falco's own file. */
const isFalcos = (yaml: string) => yaml.includes("url: http://127.0.0.1:5061/");

const blocks = ["README.md", "docs/falco.md", "docs/outputs.md", "docs/operations.md"].flatMap((file) => {
  const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
  return [...text.matchAll(/```yaml\n(.*?)```/gs)]
    .map(([, yaml], index) => ({ file, index, yaml: yaml! }))
    .filter(({ yaml }) => !isFalcos(yaml));
});

it.each(blocks)("takes what $file shows, $index", ({ yaml }) => {
  const config = configSchema.parse(parse(yaml));
  expect(() => servingOf(config)).not.toThrow();
});

it("there are such blocks", () => {
  expect(blocks.length).toBeGreaterThan(5);
});
