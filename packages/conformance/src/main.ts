import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Case } from "./case.js";
import type { ClientUnderTest } from "./clients.js";
import { loadCases } from "./load-cases.js";
import { type Options, parseOptions, usage } from "./options.js";
import { columnsOf, makeReady } from "./ready.js";
import { run } from "./run.js";
import { table, totals } from "./table.js";

/** Exit status: 0 everything is as expected, 1 it is not, 2 wrong usage. */
async function main(): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const cases = loadCases().filter(
    ({ theme, name }) =>
      (options.theme === undefined || theme === options.theme) && name.includes(options.case ?? ""),
  );
  const columns = columnsOf(options.client);
  if (cases.length === 0 || columns.length === 0) {
    console.error(`nothing to run: no such ${cases.length === 0 ? "theme or case" : "client"}`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-testees-"));
  try {
    return await judge(cases, columns, folder, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judge(
  cases: readonly Case[],
  columns: readonly ClientUnderTest[],
  folder: string,
  options: Options,
): Promise<number> {
  const { ready, missing } = await makeReady(columns, folder);
  const rows = await run(cases, ready);
  const { passed, failed: differing, notRun } = totals(rows);
  console.log(table(rows, ready));
  console.log(`\n${passed} as expected, ${differing} not as expected, ${notRun} not run`);
  let failed = differing;
  for (const { names, reason } of missing) {
    console.log(`\n*** ${names.join(", ")} do NOT run: ${reason} ***`);
    if (process.env.CI === "true") failed++;
  }
  if (options.report !== undefined) {
    mkdirSync(dirname(options.report), { recursive: true });
    writeFileSync(options.report, JSON.stringify({ passed, failed }));
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
