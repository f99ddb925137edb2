import { OptionError } from "@falco-outputs/core/options";
import type { Logger } from "../logger.js";
import { type FileOptions, FileSink } from "./file.js";
import { type FormatOptions, Formatter } from "./format/formatter.js";
import { type HttpOutputOptions, HttpSink } from "./http/http-output.js";
import type { Output } from "./output.js";
import { createProgramSink, type ProgramOptions } from "./program/program.js";
import { checkedQueue, type QueueOptions } from "./queue-options.js";
import { QueuedOutput } from "./queued-output.js";
import { type NamedOutput, selectionOf } from "./selection.js";
import { SelectiveOutput } from "./selective-output.js";
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
  /** One line per alert in a file; or in each of several. */
  file?: OneOrMore<FileOptions>;
  /** Alerts to the standard input of a program; or of each of several. */
  program?: OneOrMore<ProgramOptions>;
  /** Posts each alert to a receiver (`http_output`); or to each of several. */
  http?: OneOrMore<HttpOutputOptions>;
  /** Sends each alert to a syslogd (`syslog_output`); `true` to the local one, as Falco does. */
  syslog?: true | SyslogOutputOptions;
}

export type OneOrMore<Options> = Options | readonly Options[];

/**
 * Makes the outputs that the options name.
 * @throws OptionError
 */
export function createOutputs(options: OutputsOptions, logger: Logger): Output[] {
  const { format = {}, stdout, file, program, http, syslog } = options;
  const formatter = new Formatter(format, syslog !== undefined);
  const queue = checkedQueue(options.queue);
  const outputs: Output[] = [];
  const selective: Output[] = [];
  const names = new Set<string>();
  const add = <Options extends NamedOutput>(
    kind: string,
    given: true | OneOrMore<Options> | undefined,
    sinkOf: (options: Options) => Sink,
  ) => {
    for (const { option, item } of itemsOf(`outputs.${kind}`, given)) {
      try {
        const name = nameOf(kind, item.name);
        if (names.has(name)) {
          const expected =
            item.name === undefined ? "a name, since there are several" : "each name only once";
          throw new OptionError({ option: `outputs.${kind}.name`, got: item.name, expected });
        }
        names.add(name);
        const passes = selectionOf(item, `outputs.${kind}`);
        const output = new QueuedOutput(name, sinkOf(item), formatter, queue, logger);
        if (passes === undefined) outputs.push(output);
        else selective.push(new SelectiveOutput(output, passes));
      } catch (error) {
        throw inItem(error, `outputs.${kind}`, option);
      }
    }
  };
  add<StdoutOptions>("stdout", stdout, (options) => new StdoutSink(options));
  add<FileOptions>("file", file, (options) => new FileSink(options));
  add<ProgramOptions>("program", program, (options) => createProgramSink(options, logger));
  add<HttpOutputOptions>("http", http, (options) => new HttpSink(options, format.json === true));
  add<SyslogOutputOptions>("syslog", syslog, createSyslogSink);
  // Those that get whole batches come first: the formatter works once for them all.
  return [...outputs, ...selective];
}

/** The options of each output, and what they are called. */
function itemsOf<Options>(option: string, given: true | OneOrMore<Options> | undefined) {
  if (given === undefined) return [];
  if (given === true) return [{ option, item: {} as Options }];
  if (!Array.isArray(given)) return [{ option, item: given as Options }];
  return (given as readonly Options[]).map((item, index) => ({ option: `${option}[${index}]`, item }));
}

function nameOf(kind: string, name: string | undefined): string {
  if (name === undefined) return kind;
  if (/^[\w.-]{1,64}$/.test(name)) return `${kind}:${name}`;
  throw new OptionError({
    option: `outputs.${kind}.name`,
    got: name,
    expected: "1 to 64 letters, digits, dots, _ and -",
  });
}

/** An error about the options of an output, with the item's place in a list. */
function inItem(error: unknown, kind: string, item: string): unknown {
  if (!(error instanceof OptionError) || kind === item) return error;
  const renamed = (path: string) =>
    path.startsWith(`${kind}.`) ? `${item}${path.slice(kind.length)}` : path;
  return error.renamed(renamed);
}
