/** The server's options, as its errors name them, and the configuration's keys for them. */
const keys: readonly (readonly [RegExp, string])[] = [
  [/\boutputs\.queue\.maxAlerts\b/, "outputs_queue.capacity"],
  [/\boutputs\.queue\.timeoutMs\b/, "output_timeout"],
  [/\boutputs\.(\w+)\.tls\.ca\b/, "$1_output.root_certs"],
  [/\boutputs\.(\w+)\.tls\.cert\b/, "$1_output.cert_chain"],
  [/\boutputs\.(\w+)\.tls\.key\b/, "$1_output.private_key"],
  [/\boutputs\.(http|syslog|file|program|stdout)\b/, "$1_output"],
  [/\binputs\.files: path\b/, "inputs.file.filename:"],
  [/\binputs\.files: state\b/, "inputs.file.state_file:"],
  [/^maxAlerts:/, "alerts.max_count:"],
  [/^maxBytes:/, "alerts.max_bytes:"],
  [/^falco\.webserver:/, "falco.url:"],
  [/^listen:/, "grpc.bind_address:"],
  [/^tls\.ca:/, "root_certs:"],
  [/^tls\.cert:/, "cert_chain:"],
  [/^tls\.key:/, "private_key:"],
];

/** An error of the server about its options, in the words of the configuration file. */
export function inKeys(message: string): string {
  const named = keys.reduce((text, [option, key]) => text.replace(option, key), message);
  return named.replace(/_output\.\w+/, (key) =>
    key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
}
