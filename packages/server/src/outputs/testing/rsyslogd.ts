import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Authority, lacks, writeIdentity } from "@falco-outputs/testing";

const command = "/usr/sbin/rsyslogd";
const installed = spawnSync(command, ["-v"]).error === undefined;
/** Whether tests that need it are left out here. */
export const withoutRsyslogd = lacks("rsyslogd", installed, "apt-get install rsyslog");
/** The same for those that have it speak TLS: its module for that is a package of its own. */
export const withoutRsyslogdTls =
  withoutRsyslogd ||
  lacks("rsyslogd's TLS module", hasModule("lmnsd_gtls"), "apt-get install rsyslog-gnutls");

const startMs = 20_000;

/** Whether rsyslogd has a module, wherever the distribution keeps them. */
function hasModule(name: string): boolean {
  const folders = [
    "/usr/lib64",
    "/usr/lib",
    ...readdirSync("/usr/lib").map((entry) => join("/usr/lib", entry)),
  ];
  return folders.some((folder) => existsSync(join(folder, "rsyslog", `${name}.so`)));
}

/** What rsyslogd understood of a message. */
export interface Logged {
  /** Facility times 8 plus severity. */
  pri: number;
  tag: string;
  /** In RFC 3339. */
  time: string;
  text: string;
}

/** A real rsyslogd with a folder of its own: a local socket and a TCP port, that can be stopped and started again. */
export class Rsyslogd {
  readonly folder = mkdtempSync(join(tmpdir(), "falco-outputs-rsyslogd-"));
  readonly socket = join(this.folder, "log");
  readonly #output = join(this.folder, "messages");
  readonly #portFile = join(this.folder, "port");
  #tls: { ca: string; cert: string; key: string } | undefined;
  #port = 0;
  #process: ChildProcess | undefined;

  /** Has it speak TLS, with clients whose certificates are of the same authority. */
  async useTls(authority: Authority): Promise<void> {
    this.#tls = writeIdentity(this.folder, "server", authority.ca, await authority.issue());
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<this> {
    const config = join(this.folder, "rsyslog.conf");
    writeFileSync(config, this.#config());
    const child = spawn(command, ["-n", "-f", config, "-i", join(this.folder, "pid")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stderr!.on("data", (chunk) => {
      told += chunk;
    });
    this.#process = child;
    const giveUpAt = performance.now() + startMs;
    while (!(await this.#isUp())) {
      if (child.exitCode !== null || performance.now() > giveUpAt) {
        await this.stop();
        throw new Error(`rsyslogd does not start: ${told}`);
      }
      await delay(10);
    }
    return this;
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    if (child.exitCode === null) {
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      child.kill("SIGCONT");
      await exit;
    }
    rmSync(this.socket, { force: true });
  }

  /** Has it read nothing, until `resume`. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** What it has written so far. */
  get messages(): Logged[] {
    if (!existsSync(this.#output)) return [];
    const lines = readFileSync(this.#output, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }

  get texts(): string[] {
    return this.messages.map(({ text }) => text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  async #isUp(): Promise<boolean> {
    if (!existsSync(this.socket) || !existsSync(this.#portFile)) return false;
    // It writes the file only for a port that it chose itself.
    this.#port = Number(readFileSync(this.#portFile, "utf8"));
    if (this.#port === 0) return false;
    const probe = connect(this.#port, "127.0.0.1");
    const isUp = await once(probe, "connect").then(
      () => true,
      () => false,
    );
    probe.destroy();
    return isUp;
  }

  #config(): string {
    const driver = this.#tls && [
      `DefaultNetstreamDriver="gtls"`,
      `DefaultNetstreamDriverCAFile="${this.#tls.ca}"`,
      `DefaultNetstreamDriverCertFile="${this.#tls.cert}"`,
      `DefaultNetstreamDriverKeyFile="${this.#tls.key}"`,
    ];
    const mode = `StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid"`;
    return `
global(workDirectory="${this.folder}" maxMessageSize="256k" parser.escapeControlCharactersOnReceive="off"
  ${driver?.join(" ") ?? ""})
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${this.socket}" IgnoreTimestamp="off" UseSysTimeStamp="off" RateLimit.Interval="0")
module(load="imtcp" ${driver === undefined ? "" : mode})
input(type="imtcp" port="${this.#port}" address="127.0.0.1" listenPortFileName="${this.#portFile}")
template(name="json" type="list") {
  constant(value="{\\"pri\\":") property(name="pri")
  constant(value=",\\"tag\\":\\"") property(name="syslogtag" format="json")
  constant(value="\\",\\"time\\":\\"") property(name="timestamp" dateFormat="rfc3339")
  constant(value="\\",\\"text\\":\\"") property(name="msg" format="json" droplastlf="off")
  constant(value="\\"}\\n")
}
action(type="omfile" file="${this.#output}" template="json")
`;
  }
}
