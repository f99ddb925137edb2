import { readFileSync, statSync } from "node:fs";
import { type Document, isCollection, isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { UsageError } from "../args/usage-error.js";
import { expandVariables } from "./expand.js";
import { areHelmValues } from "./helm-values.js";
import { ignoredKeys } from "./ignored-keys.js";
import { problemsOf } from "./problems.js";
import { type Config, configSchema } from "./schema.js";
import { masked } from "./shown.js";

export interface ReadConfig {
  config: Config;
  /** Keys of falco.yaml that are in the file and have no meaning here. */
  ignored: readonly string[];
  /** The message with the file before it, and the line of the key that it begins with. */
  locate(message: string): string;
}

const maxBytes = 1024 * 1024;

/**
 * Reads a configuration file.
 * @param environment What `${NAME}` in a value stands for.
 * @throws UsageError that names each wrong key, its line, and what would be right.
 */
export function readConfig(file: string, environment: NodeJS.ProcessEnv = process.env): ReadConfig {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    throw new UsageError(`${file}:${lines.linePos(syntax.pos[0]).line}: not YAML: ${masked(syntax.message)}`);
  }
  // Errors show what stands in the file: what a variable holds may be secret.
  const written = toJs(document, file);
  expandVariables(document, environment);
  const read = toJs(document, file);
  const isBlock = typeof read === "object" && !Array.isArray(read);
  const ignored = isBlock ? Object.keys(read).filter((key) => ignoredKeys.has(key)) : [];
  const ours = isBlock
    ? Object.fromEntries(Object.entries(read).filter(([key]) => !ignoredKeys.has(key)))
    : read;
  const at = (line: number | undefined) => (line === undefined ? file : `${file}:${line}`);
  if (areHelmValues(ours)) {
    throw new UsageError(
      `${at(lineOf(document, lines, ["falco"]))}: falco: these are values of Falco's Helm chart: move what is below falco: to the top level, and leave out the rest`,
    );
  }
  const result = configSchema.safeParse(ours);
  if (result.success) {
    const locate = (message: string) => `${at(lineOf(document, lines, pathIn(message)))}: ${message}`;
    return { config: result.data, ignored, locate };
  }
  const problems = problemsOf(result.error.issues, written).map(({ path, message }) => ({
    line: lineOf(document, lines, path) ?? 1,
    message,
  }));
  problems.sort((a, b) => a.line - b.line);
  throw new UsageError(...problems.map(({ line, message }) => `${at(line)}: ${message}`));
}

/** What the document says. By now, only its aliases can be wrong. */
function toJs(document: Document, file: string): Record<string, unknown> {
  try {
    return (document.toJS() ?? {}) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`${file}: not YAML that can be taken: ${(error as Error).message}`);
  }
}

/** The key that a message begins with, as a path: `inputs.file[0].filename`. */
function pathIn(message: string): PropertyKey[] {
  const [key = ""] = /^[\w.[\]]+/.exec(message) ?? [];
  return [...key.matchAll(/\w+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
}

function readText(file: string): string {
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) throw new Error("it is a folder, expected a file");
    const { size } = stats;
    if (size > maxBytes) throw new Error(`it has ${size} bytes, at most ${maxBytes} are read`);
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`--config ${file} cannot be read: ${(error as Error).message}`);
  }
}

/** The line of a key, or of its block if it is missing; undefined if the block is missing, too. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  let line: number | undefined;
  let node: unknown = document.contents;
  for (const part of path) {
    if (!isCollection(node)) break;
    const key = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && key.value === part)?.key
      : node.get(part, true);
    const { range } = (key ?? {}) as { range?: [number, number, number] };
    if (!range) break;
    line = lines.linePos(range[0]).line;
    node = node.get(part, true);
  }
  return line;
}
