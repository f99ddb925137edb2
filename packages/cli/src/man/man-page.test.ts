import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lacks } from "@falco-outputs/testing";
import { expect, it } from "vitest";
import { definitionOf } from "../args/definition.js";
import { createProgram } from "../program.js";
import { manPage } from "./man-page.js";

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { version, man } = JSON.parse(readFileSync(file("package.json"), "utf8"));
const page = readFileSync(file(man), "utf8");

it("is that of the command (else: npm run man)", () => {
  expect(page).toBe(manPage(definitionOf(createProgram()), version));
});

const isMissing = lacks(
  "groff",
  spawnSync("groff", ["--version"]).error === undefined,
  "apt-get install groff-base",
);
it.skipIf(isMissing)("is shown without a warning, every flag as it is typed", () => {
  const args = ["-man", "-Tascii", "-ww", "-P-c", "-rLL=200n", file(man)];
  const { status, stdout, stderr } = spawnSync("groff", args, { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bold and underlined letters are typed twice
  const typed = stdout.replace(/.\u0008/g, "");
  // Lines are filled up with spaces.
  const shown = typed.replace(/ +/g, " ");
  for (const text of [
    "falco-outputs get",
    "--container-image image",
    "FALCO_OUTPUTS_ADDRESS",
    "and \\* a star",
  ]) {
    expect(shown).toContain(text);
  }
});
