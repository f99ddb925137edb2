import type { Logger } from "../logger.js";
import { type FileOptions, FileSink } from "./file.js";
import { type FormatOptions, Formatter } from "./format/formatter.js";
import { type HttpOutputOptions, HttpSink } from "./http/http-output.js";
import type { Output } from "./output.js";
import { createProgramSink, type ProgramOptions } from "./program/program.js";
import { checkedQueue, type QueueOptions } from "./queue-options.js";
import { QueuedOutput } from "./queued-output.js";
import type { Sink } from "./sink.js";
import { type StdoutOptions, StdoutSink } from "./stdout.js";
import { createSyslogSink, type SyslogOutputOptions } from "./syslog/syslog-output.js";

/** Where alerts go in addition to gRPC: Falco's old outputs. */
export interface OutputsOptions {
  /** How alerts are written, for all of them. */
  format?: FormatOptions;
  /** The bounds of each one's queue. */
  queue?: QueueOptions;
  /** One line per alert on standard output, or on another stream. */
  stdout?: true | StdoutOptions;
  /** One line per alert in a file. */
  file?: FileOptions;
  /** Alerts to the standard input of a program. */
  program?: ProgramOptions;
  /** Posts each alert to a receiver (`http_output`). */
  http?: HttpOutputOptions;
  /** Sends each alert to a syslogd (`syslog_output`); `true` to the local one, as Falco does. */
  syslog?: true | SyslogOutputOptions;
}

/**
 * Makes the outputs that the options name.
 * @throws OptionError
 */
export function createOutputs(options: OutputsOptions, logger: Logger): Output[] {
  const { format = {}, stdout, file, program, http, syslog } = options;
  const formatter = new Formatter(format, syslog !== undefined);
  const queue = checkedQueue(options.queue);
  const queued = (name: string, sink: Sink) => new QueuedOutput(name, sink, formatter, queue, logger);
  const outputs: Output[] = [];
  if (stdout !== undefined) outputs.push(queued("stdout", new StdoutSink(stdout === true ? {} : stdout)));
  if (file !== undefined) outputs.push(queued("file", new FileSink(file)));
  if (program !== undefined) outputs.push(queued("program", createProgramSink(program, logger)));
  if (http !== undefined) outputs.push(queued("http", new HttpSink(http, format.json === true)));
  if (syslog !== undefined) {
    outputs.push(queued("syslog", createSyslogSink(syslog === true ? {} : syslog)));
  }
  return outputs;
}
