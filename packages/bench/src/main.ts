import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { codecs } from "./micro/codecs.js";
import { type Options, parseOptions, usage } from "./options.js";
import { failed } from "./outcome.js";
import { endAllWithThisProcess } from "./process/processes.js";
import { toJson } from "./report/json.js";
import { toPage } from "./report/page.js";
import { toReport } from "./report/text.js";
import { runScenes } from "./run-scenes.js";
import { scenes } from "./scenes/all.js";

const page = fileURLToPath(new URL("../../../docs/benchmarks.md", import.meta.url));
/** A median of fewer rounds is not worth a page. */
const leastRounds = 5;

/** Exit status: 0 done, 1 a scene failed, 2 wrong usage. */
async function main(): Promise<number> {
  const names = scenes.map(({ name }) => name);
  let options: Options;
  try {
    options = parseOptions(process.argv.slice(2), names);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options.help || options.list) {
    console.log(options.help ? usage : names.join("\n"));
    return 0;
  }
  endAllWithThisProcess();
  return run(options);
}

async function run(options: Options): Promise<number> {
  const { json, quick, micro, rounds } = options;
  const isWhole = !micro && options.scenes.length === 0;
  const wanted = isWhole ? scenes : scenes.filter(({ name }) => options.scenes.includes(name));
  const ofScenes = micro ? [] : await runScenes(wanted, options);
  const ofCodecs = micro || isWhole ? await runScenes(codecs, options) : [];
  const all = [...ofScenes, ...ofCodecs];
  console.log(json ? toJson(all, quick) : toReport(all, quick));
  if (all.some(failed)) return 1;
  if (isWhole && !json && !quick && rounds >= leastRounds) {
    writeFileSync(page, toPage({ scenes: ofScenes, codecs: ofCodecs }, rounds, new Date()));
    console.error("\nwrote docs/benchmarks.md");
  }
  return 0;
}

process.exitCode = await main();
