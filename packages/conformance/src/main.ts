import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { clients } from "./clients.js";
import { loadCases } from "./load-cases.js";
import { type Options, parseOptions, usage } from "./options.js";
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
  const columns = clients.filter(({ name }) => options.client === undefined || name === options.client);
  if (cases.length === 0 || columns.length === 0) {
    console.error(`nothing to run: no such ${cases.length === 0 ? "theme or case" : "client"}`);
    return 2;
  }
  const rows = await run(cases, columns);
  const { passed, failed, notRun } = totals(rows);
  console.log(table(rows, columns));
  console.log(`\n${passed} as expected, ${failed} not as expected, ${notRun} not run`);
  if (options.report !== undefined) {
    mkdirSync(dirname(options.report), { recursive: true });
    writeFileSync(options.report, JSON.stringify({ passed, failed }));
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
