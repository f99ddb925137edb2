import { localSyslogSocket } from "@falco-outputs/server";
import { defaultHttpAddresses } from "../connection/default-address.js";
import { grpcAddresses } from "./listen.js";
import type { Config } from "./schema.js";

/** The configuration with what holds where it says nothing. */
export function withDefaults(config: Config): Record<string, unknown> {
  const { stdout_output, file_output, syslog_output, program_output, http_output, web, admin, falco } =
    config;
  const addresses = grpcAddresses(config).map(({ item }) => item);
  const isOn = addresses.length > 0;
  return withoutUndefined({
    ...formatDefaults,
    ...config,
    outputs_queue: { capacity: config.outputs_queue?.capacity || 10_000 },
    grpc: { enabled: isOn, ...(isOn && { bind_address: one(addresses) }), ...config.grpc },
    web,
    inputs: inputsOf(config),
    admin,
    falco,
    alerts: { max_count: 100_000, max_bytes: 128 * 1024 * 1024, ...config.alerts },
    stdout_output: stdout_output ?? { enabled: false },
    file_output: each(file_output, { keep_alive: false, mode: "0666" }),
    syslog_output:
      syslog_output?.enabled === true
        ? { ...syslogDefaults(syslog_output), ...syslog_output }
        : { enabled: false },
    program_output: each(program_output, { keep_alive: false }),
    http_output: each(http_output, httpDefaults),
  });
}

const formatDefaults = {
  json_output: false,
  json_include_output_property: true,
  json_include_tags_property: true,
  json_include_output_fields_property: true,
  time_format_iso_8601: false,
  priority: "debug",
  output_timeout: 2_000,
};

const httpDefaults = {
  user_agent: "falcosecurity/falco",
  insecure: false,
  mtls: false,
  echo: false,
  compress_uploads: false,
  keep_alive: false,
  max_consecutive_timeouts: 5,
};

function syslogDefaults({ address }: NonNullable<Config["syslog_output"]>) {
  return { facility: "user", tag: "falco", ...(address === undefined && { socket: localSyslogSocket }) };
}

function inputsOf({ inputs = { http: {} } }: Config): object {
  const { http, ...others } = inputs;
  return {
    ...(http !== undefined && {
      http: each(http, { enabled: true, bind_address: one(defaultHttpAddresses()) }),
    }),
    ...others,
  };
}

/** A block, or each of a list, with what it leaves out; an output that is off needs nothing else. */
function each(blocks: object | readonly object[] | undefined, defaults: object): unknown {
  if (blocks === undefined) return { enabled: false };
  const filled = (block: object) =>
    "enabled" in block && block.enabled === false ? { enabled: false } : { ...defaults, ...block };
  return Array.isArray(blocks) ? blocks.map(filled) : filled(blocks);
}

function one(addresses: readonly string[]): string | readonly string[] {
  return addresses.length === 1 ? addresses[0]! : addresses;
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
