import type { Logger } from "../logger.js";
import { type FileOptions, FileSink } from "./file.js";
import { type FormatOptions, Formatter } from "./format/formatter.js";
import type { Output } from "./output.js";
import { createProgramSink, type ProgramOptions } from "./program/program.js";
import { QueuedOutput, type QueueOptions, queueDefaults } from "./queued-output.js";
import type { Sink } from "./sink.js";
import { type StdoutOptions, StdoutSink } from "./stdout.js";

/** Where alerts go beside gRPC: Falco's old outputs. */
export interface OutputsOptions {
  /** How alerts are written, for all of them. */
  format?: FormatOptions;
  /** The bounds of each one's queue. */
  queue?: QueueOptions;
  /** Each alert a line on the standard output, or on another stream. */
  stdout?: true | StdoutOptions;
  /** Each alert a line in a file. */
  file?: FileOptions;
  /** Alerts to the standard input of a program. */
  program?: ProgramOptions;
}

/**
 * Makes the outputs that the options name.
 * @throws FalcoError with InvalidArgument that says which option is wrong.
 */
export function createOutputs(options: OutputsOptions, logger: Logger): Output[] {
  const { queue = {}, stdout, file, program } = options;
  const formatter = new Formatter(options.format ?? {});
  const queued = (name: string, sink: Sink) => new QueuedOutput(name, sink, formatter, queue, logger);
  const outputs: Output[] = [];
  if (stdout !== undefined) outputs.push(queued("stdout", new StdoutSink(stdout === true ? {} : stdout)));
  if (file !== undefined) outputs.push(queued("file", new FileSink(file)));
  if (program !== undefined) {
    const { timeoutMs = queueDefaults.timeoutMs } = queue;
    outputs.push(queued("program", createProgramSink(program, timeoutMs, logger)));
  }
  return outputs;
}
