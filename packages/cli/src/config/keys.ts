import { OptionError } from "@falco-outputs/core/options";
import { UsageError } from "../args/usage-error.js";

/** What the configuration calls the API's options, whose paths are written here without indices. */
type Keys = Readonly<Record<string, string>>;

const tlsKeys = (option: string, key: string): Keys => ({
  [`${option}.tls`]: key,
  [`${option}.tls.ca`]: `${key}.root_certs`,
  [`${option}.tls.cert`]: `${key}.cert_chain`,
  [`${option}.tls.key`]: `${key}.private_key`,
  [`${option}.tls.serverName`]: `${key}.server_name`,
  [`${option}.insecure`]: `${key}.insecure`,
});

/**
 * `NAME[]` stands for the key of the list's item.
 * @param list The list of the addresses.
 */
const listenerKeys = (option: string, key: string, list: string): Keys => ({
  [option]: `${list}[]`,
  [`${option}.address`]: `${list}[]`,
  [`${option}.mode`]: `${key}.socket_mode`,
  [`${option}.group`]: `${key}.socket_group`,
  [`${option}.token`]: `${key}.token_file`,
  [`${option}.allowedOrigins`]: `${key}.allowed_origins`,
  ...tlsKeys(option, key),
});

/** Those that do not follow `byRule`. */
const keys: Keys = {
  ...listenerKeys("listen", "grpc", "grpc.bind_address"),
  ...listenerKeys("web", "web", "web.bind_address"),
  ...listenerKeys("inputs.http", "inputs.http[]", "inputs.http.bind_address"),
  ...listenerKeys("operations", "operations", "operations.bind_address"),
  "inputs.files": "inputs.file[]",
  "inputs.files.path": "inputs.file[].filename",
  "inputs.files.state": "inputs.file[].state_file",
  "inputs.files.from": "inputs.file[].from",
  "outputs.queue.maxAlerts": "outputs_queue.capacity",
  "outputs.queue.timeoutMs": "output_timeout",
  ...tlsKeys("outputs.syslog", "syslog_output"),
  "outputs.syslog.tls": "syslog_output.tls",
  "admin.allowedNames": "admin.allowed_names",
  maxAlerts: "alerts.max_count",
  maxBytes: "alerts.max_bytes",
  "log.retention.ageMs": "log.retention.age",
  "log.syncIntervalMs": "log.sync_interval_ms",
  "falco.version": "falco.version",
  "falco.webserver": "falco.url",
};
/** Those of a block of `inputs.grpc`, within the block. */
const clientKeys: Keys = {
  address: "address",
  "readAlerts.name": "name",
  "readAlerts.group": "group",
  group: "group",
  "tls.ca": "root_certs",
  "tls.cert": "cert_chain",
  "tls.key": "private_key",
  "tls.serverName": "server_name",
  insecure: "insecure",
};

/**
 * An error about the server's options in the words of the configuration, as a UsageError; any other as it is.
 * @param items The keys of a list's items, by the key of the list, for lists with items that are off.
 */
export function inConfiguration(error: unknown, items: Readonly<Record<string, readonly string[]>>): unknown {
  return inWords(error, (option) => {
    const key = keys[withoutIndices(option)] ?? byRule(option);
    const index = Number(/\[(\d+)\]/.exec(option)?.[1] ?? 0);
    return key.replace(/^([^[\]]*)\[\]/, (_, list: string) => items[list]?.[index] ?? list);
  });
}

/** An option of inputs or outputs has falco.yaml's spelling of its own name: `http_output.user_agent`. */
function byRule(option: string): string {
  if (!/^(?:inputs|outputs)\./.test(option)) return option;
  // Only the item's own index is looked up: those of its filters are as in the file.
  const key = option.replace(/^outputs\.(\w+)(?:\[\d+\])?/, "$1_output[]");
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** An error about the options of one of the servers that are read, as above. @param key Its block. */
export function inBlock(error: unknown, key: string): unknown {
  return inWords(error, (option) => {
    const within = clientKeys[withoutIndices(option)];
    return within === undefined ? key : `${key}.${within}`;
  });
}

function inWords(error: unknown, nameOf: (option: string) => string): unknown {
  return error instanceof OptionError ? new UsageError(error.describe(nameOf)) : error;
}

function withoutIndices(option: string): string {
  return option.replace(/\[\d+\]/g, "");
}
