import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readConfig } from "./read-config.js";
import { servingOf } from "./serving-of.js";

const pages = [
  "README",
  "docs/falco",
  "docs/outputs",
  "docs/operations",
  "docs/falcosidekick",
  "docs/moving",
].map((name) => `${name}.md`);

/** Posts to the server: that is for Falco's own file. */
const isFalcos = (yaml: string) => yaml.includes("url: http://127.0.0.1:5061/");

const blocks = pages.flatMap((file) => {
  const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
  return [...text.matchAll(/```yaml\n(.*?)```/gs)]
    .map(([, yaml], index) => ({ file, index, yaml: yaml! }))
    .filter(({ yaml }) => !isFalcos(yaml));
});

const folder = mkdtempSync(join(tmpdir(), "docs-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "slack-url"), "https://hooks.example/services/x\n");
const token = "0123456789abcdef";
const environment = { NODE_1_TOKEN: token, NODE_2_TOKEN: token, SIDEKICK_TOKEN: token };

it.each(blocks)("takes what $file shows, $index", ({ yaml }) => {
  const config = join(folder, "falco-outputs.yaml");
  writeFileSync(config, yaml.replaceAll("/etc/falco-outputs/", `${folder}/`));
  expect(() => servingOf(readConfig(config, environment).config)).not.toThrow();
});

it.each(pages)("there are such blocks in %s", (page) => {
  expect(blocks.filter(({ file }) => file === page)).not.toEqual([]);
});
