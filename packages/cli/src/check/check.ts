import { startServer } from "@falco-outputs/server";
import { UsageError } from "../args/usage-error.js";
import { type LoadedServing, loadServing } from "../config/load-serving.js";
import { say } from "../print/line-writer.js";
import { tell } from "../print/tell.js";
import { fileProblems } from "./files.js";
import type { CheckOptions } from "./options.js";
import { unreachable } from "./receivers.js";

/** Says what is wrong with a configuration file. @throws UsageError for the file itself, Error for the machine. */
export async function check({ config, connect = false }: CheckOptions): Promise<void> {
  const loaded = loadServing(config);
  const problems = [
    ...(await startProblems(loaded)),
    ...fileProblems(loaded.serving),
    ...(connect ? await unreachable(loaded.serving) : []),
  ].map(loaded.locate);
  const last = problems.pop();
  if (last !== undefined) {
    for (const problem of problems) tell(problem);
    throw new Error(last);
  }
  const notes = [
    ...loaded.warnings.map((warning) => `${warning}\n`),
    ...(loaded.ignored.length > 0
      ? [`${config}: ignored, since they have no meaning here: ${loaded.ignored.join(", ")}\n`]
      : []),
  ];
  await say(`${notes.join("")}${config}: nothing is wrong\n`);
}

/**
 * What the server itself refuses: options, certificates, addresses that are not available. It takes nothing: its inputs
 * from files, standard input and other servers are left out.
 */
async function startProblems({ serving, located }: LoadedServing): Promise<string[]> {
  const { server } = serving;
  const { http = [] } = server.inputs ?? {};
  try {
    await using _ = await startServer({ ...server, inputs: { http } });
    return [];
  } catch (error) {
    const told = located(error);
    if (told instanceof UsageError) throw told;
    return [(told as Error).message];
  }
}
