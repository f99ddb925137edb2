import { expect, it } from "vitest";
import { inKeys } from "./in-keys.js";

it.each([
  ['outputs.syslog.tls.ca: "x" cannot be read', 'syslog_output.root_certs: "x" cannot be read'],
  ["outputs.syslog.tls: cert and key go together", "syslog_output: cert_chain and private_key go together"],
  [
    "outputs.syslog.tls: ca, cert or key is no PEM, or cert and key do not match: bad",
    "syslog_output: root_certs, cert_chain or private_key is no PEM, or cert_chain and private_key do not match: bad",
  ],
  ["outputs.syslog.tls needs address: the local", "syslog_output.tls needs address: the local"],
  ['outputs.syslog.facility: "local9", expected', 'syslog_output.facility: "local9", expected'],
  [
    "outputs.syslog: the local socket needs a package, or give outputs.syslog.address",
    "syslog_output: the local socket needs a package, or give syslog_output.address",
  ],
  ['outputs.http.userAgent: "x" cannot', 'http_output.user_agent: "x" cannot'],
  ["outputs.http.maxConsecutiveTimeouts: 1", "http_output.max_consecutive_timeouts: 1"],
  [
    "outputs.http: caCert, caBundle, caPath, clientCert or clientKey is no PEM, or key and certificate do not match: bad",
    "http_output: ca_cert, ca_bundle, ca_path, client_cert or client_key is no PEM, or key and certificate do not match: bad",
  ],
  ["outputs.queue.maxAlerts: 0", "outputs_queue.capacity: 0"],
  ["outputs.queue.timeoutMs: 0", "output_timeout: 0"],
  ['inputs.files: path "x" stands', 'inputs.file.filename: "x" stands'],
  ['inputs.files: state "x" cannot', 'inputs.file.state_file: "x" cannot'],
  ["maxAlerts: 0, expected", "alerts.max_count: 0, expected"],
  ["maxBytes: 0, expected", "alerts.max_bytes: 0, expected"],
  ['falco.webserver: "x"', 'falco.url: "x"'],
  ['readAlerts.name: "x", expected another', 'inputs.grpc.name: "x", expected another'],
  ["cannot listen on /x: too long", "cannot listen on /x: too long"],
  // What the user wrote stays as it is.
  [
    'outputs.file.filename: "outputs.http.userAgent: tls.ca:" is a directory',
    'file_output.filename: "outputs.http.userAgent: tls.ca:" is a directory',
  ],
])("%s", (message, said) => {
  expect(inKeys(message)).toBe(said);
});

it.each([
  ['tls.ca: "ca.crt" cannot be read', 'inputs.grpc[1].root_certs: "ca.crt" cannot be read'],
  [
    "address: x:5060 needs tls (ca, cert and key), or insecure: true",
    "inputs.grpc[1].address: x:5060 needs private_key, cert_chain and root_certs (mutual TLS), or insecure: true",
  ],
  [
    "address: /x is a unix socket, where tls has no use",
    "inputs.grpc[1].address: /x is a unix socket, where private_key, cert_chain and root_certs have no use",
  ],
  [
    "tls: ca, cert and key are no PEM that belongs together: bad",
    "inputs.grpc[1]: root_certs, cert_chain and private_key are no PEM that belongs together: bad",
  ],
])("of the block that a client is made from: %s", (message, said) => {
  expect(inKeys(message, "inputs.grpc[1]")).toBe(said);
});
