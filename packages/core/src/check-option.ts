import { OptionError } from "./option-error.js";

/** The longest time that a timer of any JavaScript runtime takes, in milliseconds (24.8 days): beyond it fires at once. */
export const maxTimerMs = 2 ** 31 - 1;

/** The longest deadline that Connect can write into gRPC's header, which has eight digits, in milliseconds (27 hours). */
export const maxDeadlineMs = 99_999_999;

/**
 * A time in milliseconds, as every option that is one is checked.
 * @param fallback What undefined stands for.
 * @param most The longest that is taken. Default: the longest that a timer takes.
 * @throws OptionError for what is not such a time, 0 and Infinity included.
 */
export function milliseconds<Fallback extends number | undefined>(
  option: string,
  value: number | undefined,
  fallback: Fallback,
  most = maxTimerMs,
): number | Fallback {
  if (value === undefined) return fallback;
  if (typeof value === "number" && value > 0 && value <= most) return value;
  const longest = most === maxDeadlineMs ? "27 hours" : "24 days";
  throw new OptionError({
    option,
    got: value,
    expected: `a time in milliseconds, more than 0 and at most ${most} (${longest})`,
  });
}

/**
 * A boolean: JavaScript would take any text for true, "no" included.
 * @throws OptionError
 */
export function boolean(option: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === "boolean") return value;
  throw new OptionError({ option, got: value, expected: "true or false" });
}

/**
 * A whole number from `least` to `most`.
 * @param fallback What undefined stands for.
 * @throws OptionError
 */
export function wholeNumber<Fallback extends number | undefined>(
  option: string,
  value: number | undefined,
  fallback: Fallback,
  { least = 1, most = Number.MAX_SAFE_INTEGER }: { least?: number; most?: number } = {},
): number | Fallback {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const bound = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new OptionError({ option, got: value, expected: `a whole number ${bound}` });
}
