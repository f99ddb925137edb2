/** The server's and the client's options, as their errors name them, and the configuration's keys for them. */
const keys: readonly (readonly [RegExp, string])[] = [
  [/^maxAlerts:/, "alerts.max_count:"],
  [/^maxBytes:/, "alerts.max_bytes:"],
  [/^falco\.webserver:/, "falco.url:"],
  [/^inputs\.files: path\b/, "inputs.file.filename:"],
  [/^inputs\.files: state\b/, "inputs.file.state_file:"],
  [/^readAlerts\.(name|group):/, "inputs.grpc.$1:"],
  [/^outputs\.queue\.maxAlerts:/, "outputs_queue.capacity:"],
  [/^outputs\.queue\.timeoutMs:/, "output_timeout:"],
  [/^outputs\.(http|syslog|file|program|stdout)\b/, "$1_output"],
  // What these are in any block.
  [/^([\w.[\]]+)\.tls\.ca:/, "$1.root_certs:"],
  [/^([\w.[\]]+)\.tls\.cert:/, "$1.cert_chain:"],
  [/^([\w.[\]]+)\.tls\.key:/, "$1.private_key:"],
  [/^([\w.[\]]+)\.tls: ca, cert (and|or) key\b/, "$1: root_certs, cert_chain $2 private_key"],
  [/^([\w.[\]]+)\.tls: cert and key\b/, "$1: cert_chain and private_key"],
];

/** What to do about it, as the options' errors say it. Each is a whole phrase, so that no value is taken for it. */
const advice: readonly (readonly [string, string])[] = [
  ["needs tls (ca, cert and key)", "needs private_key, cert_chain and root_certs (mutual TLS)"],
  ["where tls has no use", "where private_key, cert_chain and root_certs have no use"],
  ["or cert and key do not match", "or cert_chain and private_key do not match"],
  ["or give outputs.syslog.address", "or give syslog_output.address"],
  ["caCert, caBundle or caPath is no PEM", "ca_cert, ca_bundle or ca_path is no PEM"],
  [
    "caCert, caBundle, caPath, clientCert or clientKey is no PEM",
    "ca_cert, ca_bundle, ca_path, client_cert or client_key is no PEM",
  ],
];

/**
 * An error about options in the words of the configuration file.
 * @param block The block that the options are from, if the error cannot know.
 */
export function inKeys(message: string, block?: string): string {
  const whole = block === undefined ? message : `${block}.${message}`;
  const named = keys.reduce((text, [option, key]) => text.replace(option, key), whole);
  const advised = advice.reduce((text, [options, inFile]) => text.replace(options, inFile), named);
  return advised.replace(/^\w+_output\.\w+/, (key) =>
    key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
}
