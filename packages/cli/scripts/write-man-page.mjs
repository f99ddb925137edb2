// Writes man/falco-outputs.1 from the command's definition. Run after a build: npm run man.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { definitionOf } from "../dist/args/definition.js";
import { manPage } from "../dist/man/man-page.js";
import { createProgram } from "../dist/program.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const page = new URL("../man/falco-outputs.1", import.meta.url);
mkdirSync(new URL(".", page), { recursive: true });
writeFileSync(page, manPage(definitionOf(createProgram()), version));
