import type { Logger } from "../logger.js";
import { type FormatOptions, Formatter } from "./format/formatter.js";
import { type HttpOutputOptions, HttpSink } from "./http/http-output.js";
import type { Output } from "./output.js";
import { QueuedOutput, type QueueOptions } from "./queued-output.js";
import type { Sink } from "./sink.js";
import { createSyslogSink, type SyslogOutputOptions } from "./syslog/syslog-output.js";

/** Where alerts go beside gRPC: Falco's old outputs. */
export interface OutputsOptions {
  /** How alerts are written, for all of them. */
  format?: FormatOptions;
  /** The bounds of each one's queue. */
  queue?: QueueOptions;
  /** Posts each alert to a receiver (`http_output`). */
  http?: HttpOutputOptions;
  /** Sends each alert to a syslogd (`syslog_output`); `true` to the local one, as Falco does. */
  syslog?: true | SyslogOutputOptions;
}

/**
 * Makes the outputs that the options name.
 * @throws FalcoError with InvalidArgument that says which option is wrong.
 */
export function createOutputs(options: OutputsOptions, logger: Logger): Output[] {
  const { http, syslog } = options;
  const formatter = new Formatter(options.format ?? {}, syslog !== undefined);
  const queued = (name: string, sink: Sink) =>
    new QueuedOutput(name, sink, formatter, options.queue ?? {}, logger);
  const outputs: Output[] = [];
  if (http !== undefined) outputs.push(queued("http", new HttpSink(http, options.format?.json === true)));
  if (syslog !== undefined) {
    outputs.push(queued("syslog", createSyslogSink(syslog === true ? {} : syslog)));
  }
  return outputs;
}
