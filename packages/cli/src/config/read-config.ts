import { readFileSync, statSync } from "node:fs";
import { type Document, LineCounter, parseDocument } from "yaml";
import { UsageError } from "../usage-error.js";
import { ignoredKeys } from "./ignored-keys.js";
import { problemsOf } from "./problems.js";
import { type Config, configSchema } from "./schema.js";

export interface ReadConfig {
  config: Config;
  /** Keys of falco.yaml that were there and mean nothing here. */
  ignored: readonly string[];
}

const maxBytes = 1024 * 1024;

/**
 * Reads a configuration file.
 * @throws UsageError that names each key that is wrong, where it stands, and what would be right.
 */
export function readConfig(file: string): ReadConfig {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    throw new UsageError(`${file}:${lines.linePos(syntax.pos[0]).line}: no YAML: ${syntax.message}`);
  }
  const read = (document.toJS() ?? {}) as Record<string, unknown>;
  const isBlock = typeof read === "object" && !Array.isArray(read);
  const ignored = isBlock ? Object.keys(read).filter((key) => ignoredKeys.has(key)) : [];
  const ours = isBlock
    ? Object.fromEntries(Object.entries(read).filter(([key]) => !ignoredKeys.has(key)))
    : read;
  const result = configSchema.safeParse(ours);
  if (result.success) return { config: result.data, ignored };
  const problems = problemsOf(result.error.issues, ours).map(
    ({ path, message }) => `${file}:${lineOf(document, lines, path)}: ${message}`,
  );
  throw new UsageError(problems.join("\n"));
}

function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > maxBytes) throw new Error(`it has ${size} bytes, at most ${maxBytes} are read`);
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`--config ${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Where a key stands; where its block does, for one that is missing. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
