import { Code, FalcoError } from "@falco-outputs/core";

/** The error for an option that cannot work; `message` names the option, the value it got and what would be right. */
export function invalidOption(message: string, cause?: unknown): FalcoError {
  return new FalcoError(message, Code.InvalidArgument, { cause });
}
