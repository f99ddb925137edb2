import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@falco-outputs/node";
import { afterEach, expect, it } from "vitest";
import { endRuns, falcoOutputs } from "../testing/run.js";

const folder = mkdtempSync(join(tmpdir(), "falco-yaml-"));
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true, force: true });
});

/** Every setting that the falco.yaml of Falco 0.36 ships, with its value; `grpc` is turned on, on a socket of the test's. */
const settings = `
rules_file: [/etc/falco/falco_rules.yaml, /etc/falco/falco_rules.local.yaml, /etc/falco/rules.d]
load_plugins: []
plugins:
  - { name: k8saudit, library_path: libk8saudit.so, init_config: null, open_params: "http://:9765/k8s-audit" }
  - { name: cloudtrail, library_path: libcloudtrail.so }
  - { name: json, library_path: libjson.so }
watch_config_files: true
time_format_iso_8601: false
priority: debug
json_output: false
json_include_output_property: true
json_include_tags_property: true
buffered_outputs: false
outputs: { rate: 0, max_burst: 1000 }
rule_matching: first
outputs_queue: { capacity: 0 }
stdout_output: { enabled: true }
syslog_output: { enabled: true }
file_output: { enabled: false, keep_alive: false, filename: ./events.txt }
http_output:
  enabled: false
  url: http://some.url
  user_agent: "falcosecurity/falco"
  insecure: false
  ca_cert: ""
  ca_bundle: ""
  ca_path: "/etc/ssl/certs"
  mtls: false
  client_cert: "/etc/ssl/certs/client.crt"
  client_key: "/etc/ssl/certs/client.key"
  echo: false
program_output:
  enabled: false
  keep_alive: false
  program: "jq '{text: .output}' | curl -d @- -X POST https://hooks.slack.com/services/XXX"
grpc_output: { enabled: true }
grpc: { enabled: true, bind_address: "unix://${folder}/falco.sock", threadiness: 0 }
webserver:
  enabled: true
  threadiness: 0
  listen_port: 8765
  k8s_healthz_endpoint: /healthz
  ssl_enabled: false
  ssl_certificate: /etc/falco/falco.pem
log_stderr: true
log_syslog: true
log_level: info
libs_logger: { enabled: false, severity: debug }
output_timeout: 2000
syscall_event_timeouts: { max_consecutives: 1000 }
syscall_event_drops: { threshold: .1, actions: [log, alert], rate: .03333, max_burst: 1, simulate_drops: false }
metrics:
  enabled: false
  interval: 1h
  output_rule: true
  resource_utilization_enabled: true
  kernel_event_counters_enabled: true
  libbpf_stats_enabled: true
  convert_memory_to_mb: true
  include_empty_values: false
syscall_buf_size_preset: 4
syscall_drop_failed_exit: false
base_syscalls: { custom_set: [], repair: false }
modern_bpf: { cpus_for_each_syscall_buffer: 2 }
metadata_download: { max_mb: 100, chunk_wait_us: 1000, watch_freq_sec: 1 }
`;

it("starts with all settings of Falco 0.36, and subscribers read from it", async () => {
  const config = join(folder, "falco.yaml");
  writeFileSync(config, `${settings}inputs: { http: { bind_address: "127.0.0.1:0" } }\n`);
  const run = falcoOutputs("serve", "-c", config);
  const { http, listen } = (await run.logged("ready")) as { http: [string]; listen: string[] };
  expect(listen).toEqual([`unix://${folder}/falco.sock`]);
  await using falco = createClient({ address: listen[0]! });
  const first = falco.sub().first();
  const posted = await fetch(http[0], { method: "POST", body: '{"rule":"r","priority":"Notice"}' });
  expect(posted.status).toBe(200);
  expect(await first).toMatchObject({ rule: "r" });
});
