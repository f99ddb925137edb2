import { failed, type Outcome } from "../outcome.js";
import { rules } from "../rules.js";
import { conditions } from "./conditions.js";
import { judge } from "./judge.js";
import { describeMachine, type Machine } from "./machine.js";
import { figuresTable, ratiosTable, targetsTable, toMarkdown } from "./tables.js";

export interface Pages {
  readonly scenes: readonly Outcome[];
  readonly codecs: readonly Outcome[];
}

/** docs/benchmarks.md, whole: nothing in it is written by hand. */
export function toPage({ scenes, codecs }: Pages, rounds: number, date: Date): string {
  const machine = describeMachine();
  return `# Benchmarks

Made by \`npm run bench\` on ${date.toISOString().slice(0, 10)}; not to be edited by hand.

${describe(machine)}

Server and client are processes of their own. The contestants of a scene run one after the other, round by round, each
round beginning with another one, after a warm-up that does not count. A figure is the median of ${rounds} rounds, in
parentheses the smallest and the largest. CPU is user and system time of a process with all its threads. A ratio is the
median of the rounds' ratios. The alerts have 700 to 800 bytes encoded, are of ${rules.length} rules, mixed, some with text beyond
ASCII. \`falco-outputs\` is this repository; \`connect-node\` is used the usual way: its adapter, handlers that are async
generators, its own client.

## Targets

${toMarkdown(targetsTable(judge(scenes)))}

## Scenes

${scenes.map(section).join("\n\n")}

## Codecs alone

${codecs.map(section).join("\n\n")}

## How to run it

\`\`\`sh
npm run bench                             # everything, and writes this page
npm run bench -- --scene one-subscriber   # a part of it, as tables; --list has the names
npm run bench -- --micro                  # the codecs, in seconds
npm run bench -- --json                   # one JSON object
\`\`\`

A run takes about ten minutes and wants a machine that does nothing else. [packages/bench](../packages/bench) says more.
`;
}

function describe({ cpu, cores, memoryGiB, kernel, node, packages }: Machine): string {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB of memory; ${kernel}; Node ${node}. ${versions.join(", ")}.`;
}

function section(outcome: Outcome): string {
  const { title, about } = outcome.scene;
  if (failed(outcome)) throw new Error("a page is made of whole runs only");
  const ratios = ratiosTable(outcome.result);
  return [
    `### ${title}`,
    about,
    toMarkdown(figuresTable(outcome.result)),
    ...(ratios === undefined ? [] : [toMarkdown(ratios)]),
    conditions(outcome.result),
  ].join("\n\n");
}
