import type { Facility, OutputsOptions } from "@falco-outputs/server";
import { UsageError } from "../args/usage-error.js";
import { defined } from "./defined.js";
import type { Config } from "./schema.js";

/** Falco's old outputs, as the configuration has them. */
export function outputsOptions(config: Config): OutputsOptions {
  const { stdout_output: stdout, file_output: file, program_output: program } = config;
  return defined({
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
    stdout: stdout?.enabled === true ? (true as const) : undefined,
    file:
      file?.enabled === true
        ? defined({
            filename: needed("file_output.filename", file.filename, "the path of a file"),
            keepAlive: file.keep_alive,
            mode: file.mode === undefined ? undefined : Number.parseInt(file.mode, 8),
          })
        : undefined,
    program:
      program?.enabled === true
        ? defined({
            program: needed("program_output.program", program.program, "a command"),
            keepAlive: program.keep_alive,
          })
        : undefined,
    syslog: syslogOptions(config),
    http: httpOptions(config),
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
  return defined({ facility: facility as Facility | undefined, tag, socket, address, insecure, tls });
}

function httpOptions({ http_output: http }: Config): OutputsOptions["http"] {
  if (http?.enabled !== true) return undefined;
  return defined({
    url: withScheme(needed("http_output.url", http.url, "the URL to post to")),
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
  });
}

/** A URL without a scheme, as libcurl, and so Falco, reads it. */
function withScheme(url: string): string {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(url) ? url : `http://${url}`;
}

function needed(key: string, value: string | undefined, what: string): string {
  if (value !== undefined && value !== "") return value;
  throw new UsageError(`${key}: is ${value === "" ? "empty" : "missing"}, expected ${what}`);
}
