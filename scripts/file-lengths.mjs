// No file of the product is longer than 300 lines, unless its first line says why: a comment with "longer than usual: WHY".
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pnpm.mjs";

const maxLines = 300;
const product = [
  ...["core", "node", "web", "server", "cli", "python", "rust"].map((name) => `packages/${name}/src`),
  "packages/go",
];
const generated = ["gen", "_gen", "api"];
const tests = ["testing", "testdata"];
const leftOut = new Set([...generated, ...tests, "node_modules", "dist"]);
const isTest = /\.test\.ts$|_test\.go$/;

const files = product.flatMap(sourceFiles);
// A folder that was renamed would let everything pass.
for (const ending of [".ts", ".go", ".rs", ".py"]) {
  if (!files.some((file) => file.endsWith(ending))) throw new Error(`no ${ending} file found in ${product}`);
}
const tooLong = files.flatMap((file) => {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  const length = lines.length - 1;
  const hasReason = /longer than usual: \w/.test(lines[0]);
  return length > maxLines && !hasReason ? [`${file}: ${length} lines`] : [];
});
for (const file of tooLong) console.error(`${file}, at most ${maxLines} without a reason in the first line`);
process.exit(tooLong.length === 0 ? 0 : 1);

function sourceFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return leftOut.has(entry.name) ? [] : sourceFiles(path);
    return /\.(ts|go|rs|py)$/.test(entry.name) && !isTest.test(entry.name) ? [path] : [];
  });
}
