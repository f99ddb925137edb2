import { OptionError } from "@falco-outputs/core/options";
import { UsageError } from "../args/usage-error.js";

/** What the configuration calls the API's options, whose paths stand here without indices. */
type Keys = Readonly<Record<string, string>>;

const tlsKeys = (option: string, key: string): Keys => ({
  [`${option}.tls`]: key,
  [`${option}.tls.ca`]: `${key}.root_certs`,
  [`${option}.tls.cert`]: `${key}.cert_chain`,
  [`${option}.tls.key`]: `${key}.private_key`,
  [`${option}.tls.serverName`]: `${key}.server_name`,
  [`${option}.insecure`]: `${key}.insecure`,
});

/** `[]` stands for the item's index. */
const listenerKeys = (option: string, key: string): Keys => ({
  [option]: `${key}.bind_address[]`,
  [`${option}.address`]: `${key}.bind_address[]`,
  [`${option}.mode`]: `${key}.socket_mode`,
  [`${option}.group`]: `${key}.socket_group`,
  [`${option}.token`]: `${key}.token_file`,
  [`${option}.allowedOrigins`]: `${key}.allowed_origins`,
  ...tlsKeys(option, key),
});

const keys: Keys = {
  ...listenerKeys("listen", "grpc"),
  ...listenerKeys("web", "web"),
  ...listenerKeys("inputs.http", "inputs.http"),
  "inputs.files": "inputs.file[]",
  "inputs.files.path": "inputs.file[].filename",
  "inputs.files.state": "inputs.file[].state_file",
  "inputs.files.from": "inputs.file[].from",
  "outputs.queue.maxAlerts": "outputs_queue.capacity",
  "outputs.queue.timeoutMs": "output_timeout",
  "outputs.stdout": "stdout_output",
  "outputs.file": "file_output",
  "outputs.file.filename": "file_output.filename",
  "outputs.file.keepAlive": "file_output.keep_alive",
  "outputs.file.mode": "file_output.mode",
  "outputs.program": "program_output",
  "outputs.program.program": "program_output.program",
  "outputs.program.keepAlive": "program_output.keep_alive",
  "outputs.syslog": "syslog_output",
  "outputs.syslog.facility": "syslog_output.facility",
  "outputs.syslog.tag": "syslog_output.tag",
  "outputs.syslog.socket": "syslog_output.socket",
  "outputs.syslog.address": "syslog_output.address",
  ...tlsKeys("outputs.syslog", "syslog_output"),
  "outputs.syslog.tls": "syslog_output.tls",
  "outputs.http": "http_output",
  "outputs.http.url": "http_output.url",
  "outputs.http.userAgent": "http_output.user_agent",
  "outputs.http.insecure": "http_output.insecure",
  "outputs.http.caCert": "http_output.ca_cert",
  "outputs.http.caBundle": "http_output.ca_bundle",
  "outputs.http.caPath": "http_output.ca_path",
  "outputs.http.mtls": "http_output.mtls",
  "outputs.http.clientCert": "http_output.client_cert",
  "outputs.http.clientKey": "http_output.client_key",
  "outputs.http.compressUploads": "http_output.compress_uploads",
  "outputs.http.keepAlive": "http_output.keep_alive",
  "outputs.http.maxConsecutiveTimeouts": "http_output.max_consecutive_timeouts",
  maxAlerts: "alerts.max_count",
  maxBytes: "alerts.max_bytes",
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
 * @param items The keys of the items of a list, by the key of the list, where they are not just counted.
 */
export function inConfiguration(error: unknown, items: Readonly<Record<string, readonly string[]>>): unknown {
  return inWords(error, (option) => {
    const key = keys[withoutIndices(option)];
    if (key === undefined) return option;
    const index = Number(/\[(\d+)\]/.exec(option)?.[1] ?? 0);
    return key.replace(/^(.*)\[\]/, (_, list: string) => items[list]?.[index] ?? list);
  });
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
