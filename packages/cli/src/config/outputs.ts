import type { AlertFilter, PriorityLike } from "@falco-outputs/node";
import type { Facility, OneOrMore, OutputSelection, OutputsOptions } from "@falco-outputs/server";
import { UsageError } from "../args/usage-error.js";
import { defined } from "./defined.js";
import { itemsOf } from "./items-of.js";
import type { Config } from "./schema.js";
import { secretOf } from "./secret-of.js";

/** Falco's old outputs, as the configuration has them, and the keys of those of which there may be several. */
export interface ConfiguredOutputs {
  options: OutputsOptions;
  items: Record<"file_output" | "program_output" | "http_output", string[]>;
}

type Block<Name extends keyof Config> = Exclude<NonNullable<Config[Name]>, readonly unknown[]>;

/** @throws UsageError that names a key which is missing. */
export function outputsOptions(config: Config): ConfiguredOutputs {
  const { stdout_output: stdout } = config;
  const files = switchedOn("file_output", config.file_output);
  const programs = switchedOn("program_output", config.program_output);
  const https = switchedOn("http_output", config.http_output);
  const options = defined({
    format: defined({
      json: config.json_output,
      includeOutput: config.json_include_output_property,
      includeMessage: config.json_include_message_property,
      includeTags: config.json_include_tags_property,
      includeOutputFields: config.json_include_output_fields_property,
      // With false, the default of Falco's too, times stay as Falco wrote them.
      timeFormatIso8601: config.time_format_iso_8601 || undefined,
    }),
    queue: defined({
      // Falco's 0 means "unbounded", which nothing is here.
      maxAlerts: config.outputs_queue?.capacity || undefined,
      timeoutMs: config.output_timeout,
    }),
    stdout: stdout?.enabled === true ? trueIfEmpty(selectionOf(stdout)) : undefined,
    file: oneOrMore(files, fileOptions),
    program: oneOrMore(programs, programOptions),
    syslog: syslogOptions(config),
    http: oneOrMore(https, httpOptions),
  });
  const keysOf = (items: readonly { key: string }[]) => items.map(({ key }) => key);
  return {
    options,
    items: { file_output: keysOf(files), program_output: keysOf(programs), http_output: keysOf(https) },
  };
}

/** The blocks that are on, each with its key. */
function switchedOn<Item extends { enabled: boolean }>(key: string, blocks: Item | readonly Item[] = []) {
  return itemsOf(key, blocks).filter(({ item }) => item.enabled);
}

/** Undefined if there are none; a list only for what is a list in the file. */
function oneOrMore<Item, Options>(
  items: readonly { key: string; item: Item }[],
  optionsOf: (key: string, item: Item) => Options,
): OneOrMore<Options> | undefined {
  const [first] = items;
  if (first === undefined) return undefined;
  if (!first.key.endsWith("]")) return optionsOf(first.key, first.item);
  return items.map(({ key, item }) => optionsOf(key, item));
}

function fileOptions(key: string, file: Block<"file_output">) {
  return defined({
    filename: needed(`${key}.filename`, file.filename, "the path of a file"),
    keepAlive: file.keep_alive,
    mode: file.mode === undefined ? undefined : Number.parseInt(file.mode, 8),
    name: file.name,
    ...selectionOf(file),
  });
}

function programOptions(key: string, program: Block<"program_output">) {
  return defined({
    program: needed(`${key}.program`, program.program, "a command"),
    keepAlive: program.keep_alive,
    name: program.name,
    ...selectionOf(program),
  });
}

function syslogOptions({ syslog_output: syslog }: Config): OutputsOptions["syslog"] {
  if (syslog?.enabled !== true) return undefined;
  const { facility, tag, socket, address, insecure } = syslog;
  const tls =
    syslog.tls === true
      ? defined({
          ca: syslog.root_certs,
          cert: syslog.cert_chain,
          key: syslog.private_key,
          serverName: syslog.server_name,
        })
      : undefined;
  return defined({
    facility: facility as Facility | undefined,
    tag,
    socket,
    address,
    insecure,
    tls,
    ...selectionOf(syslog),
  });
}

const urlForm = { pattern: /^\S+$/, expected: "one URL" };

function httpOptions(key: string, http: Block<"http_output">) {
  const url = secretOf(key, "url", http, urlForm);
  return defined({
    url: withScheme(needed(`${key}.url`, url, "the URL to post to")),
    userAgent: http.user_agent,
    insecure: http.insecure,
    caCert: http.ca_cert || undefined,
    caBundle: http.ca_bundle || undefined,
    caPath: http.ca_path || undefined,
    mtls: http.mtls,
    clientCert: http.client_cert || undefined,
    clientKey: http.client_key || undefined,
    compressUploads: http.compress_uploads,
    keepAlive: http.keep_alive,
    maxConsecutiveTimeouts: http.max_consecutive_timeouts,
    name: http.name,
    ...selectionOf(http),
  });
}

type SelectionBlock = Pick<Block<"http_output">, "priority" | "allow" | "deny">;

function selectionOf({ priority, allow, deny }: SelectionBlock): OutputSelection {
  return defined({
    priority: priority as PriorityLike | undefined,
    allow: allow && [allow].flat().map(filterOf),
    deny: deny && [deny].flat().map(filterOf),
  });
}

type FilterBlock = Exclude<NonNullable<SelectionBlock["allow"]>, readonly unknown[]>;

function filterOf({ min_priority, rules, sources, hostnames, tags, fields }: FilterBlock): AlertFilter {
  return defined({
    minPriority: min_priority as PriorityLike | undefined,
    rules: texts(rules),
    sources: texts(sources),
    hostnames: texts(hostnames),
    tags: texts(tags),
    fields,
  });
}

function texts(values: string | string[] | undefined): string[] | undefined {
  return values === undefined ? undefined : [values].flat();
}

function trueIfEmpty<Options extends object>(options: Options): true | Options {
  return Object.keys(options).length === 0 ? true : options;
}

/** A URL without a scheme, as libcurl, and so Falco, reads it. */
function withScheme(url: string): string {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(url) ? url : `http://${url}`;
}

function needed(key: string, value: string | undefined, what: string): string {
  if (value !== undefined && value !== "") return value;
  throw new UsageError(`${key}: is ${value === "" ? "empty" : "missing"}, expected ${what}`);
}
