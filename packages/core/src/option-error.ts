import { Code, FalcoError } from "./error.js";

export interface OptionProblem {
  /** The option's path, as in the API: `listen[0].tls.ca`. */
  option: string;
  /** The value it got. Left out for a secret, which no message may show; undefined: the option is missing. */
  got?: unknown;
  /** What would be right. Other options stand in braces, by their path: `tls with {listen[0].tls.ca}`. */
  expected: string;
  cause?: unknown;
}

/**
 * An option that cannot work, as data: the API, the command's flags and the configuration file each put it in their own
 * words with `describe`. The message has the words of the API.
 */
export class OptionError extends FalcoError {
  readonly option: string;
  readonly got: unknown;
  readonly expected: string;
  /** Whether `got` may be shown. */
  readonly #isShown: boolean;

  constructor(problem: OptionProblem) {
    const block = blockOf(problem.option);
    super(
      describe(problem, (option) => (option.startsWith(block) ? option.slice(block.length) : option)),
      Code.InvalidArgument,
      { cause: problem.cause },
    );
    this.option = problem.option;
    this.got = problem.got;
    this.expected = problem.expected;
    this.#isShown = "got" in problem;
  }

  /**
   * The same in other words.
   * @param nameOf What an option is called there, given its path in the API.
   */
  describe(nameOf: (option: string) => string): string {
    const { option, got, expected } = this;
    return describe({ option, expected, ...(this.#isShown && { got }) }, nameOf, nameOf(option));
  }

  /** The same error about options with other paths. */
  renamed(pathOf: (option: string) => string): OptionError {
    const { option, got, cause } = this;
    const expected = this.expected.replace(/\{([^{}]+)\}/g, (_, path: string) => `{${pathOf(path)}}`);
    return new OptionError({ option: pathOf(option), expected, cause, ...(this.#isShown && { got }) });
  }
}

const maxShown = 200;

function describe(problem: OptionProblem, nameOf: (option: string) => string, name = problem.option): string {
  const expected = problem.expected.replace(/\{([^{}]+)\}/g, (_, option: string) => nameOf(option));
  if (!("got" in problem)) return `${name}: expected ${expected}`;
  if (problem.got === undefined) return `${name}: missing, expected ${expected}`;
  return `${name}: ${shown(problem.got)}, expected ${expected}`;
}

/** The path up to an option's own name: options beside it are named without it. */
function blockOf(option: string): string {
  return option.slice(0, option.lastIndexOf(".") + 1);
}

function shown(value: unknown): string {
  if (value instanceof Date) return String(value);
  if (typeof value === "string") return JSON.stringify(value.slice(0, maxShown));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "function"
    ? "a function"
    : `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
}
