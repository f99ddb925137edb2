import { measureRounds } from "../measure/rounds.js";
import { median } from "../measure/statistics.js";
import { command, msToEnd } from "../process/node.js";
import { type Scene, toResult } from "../scene.js";

const bare = "node";
const commands = ["--version", "sub --help"];
const starts = 20;

export const commandStart: Scene = {
  name: "command-start",
  title: "The command that only says something",
  about: `From spawn to the end of falco-outputs with these arguments, beside Node with nothing to do; the median of ${starts} starts.`,
  async run(extent) {
    const count = extent.amount(starts);
    const contestants = [
      ...commands.map((line) => ({ name: line, run: () => msOf(count, command, ...line.split(" ")) })),
      { name: bare, run: () => msOf(count, "--eval", "0") },
    ];
    return toResult(
      await measureRounds(contestants, extent),
      commands.map((line) => [line, bare]),
    );
  },
};

async function msOf(count: number, ...args: string[]): Promise<{ ms: number }> {
  const times: number[] = [];
  for (let start = 0; start < count; start++) times.push(await msToEnd(...args));
  return { ms: median(times) };
}
