import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const lookMs = 20;
const maxLooks = 1_000;
const hourMs = 3_600_000;

/** A proxy that people put before a gRPC server. */
export interface ReverseProxy {
  readonly name: string;
  /** The Debian package that has it. */
  readonly debianPackage: string;
  /** Whether it has a time limit for streams without traffic. */
  readonly endsIdleStreams: boolean;
  /** Writes what the program needs into a folder; returns its arguments. */
  configure(folder: string, places: ProxyPlaces): string[];
}

interface ProxyPlaces {
  /** The unix socket on which it takes gRPC over HTTP/2, without TLS. */
  readonly from: string;
  /** The server's unix socket. */
  readonly to: string;
  /** How long a stream may be without traffic, in milliseconds. */
  readonly idleTimeoutMs: number;
}

export const reverseProxies: readonly ReverseProxy[] = [
  {
    name: "nginx",
    debianPackage: "nginx-light",
    endsIdleStreams: true,
    configure(folder, { from, to, idleTimeoutMs }) {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((name) => `${name}_temp_path ${join(folder, name)};`)
        .join("\n  ");
      const config = `daemon off;
master_process off;
pid ${join(folder, "pid")};
error_log ${join(folder, "error.log")};
${process.getuid?.() === 0 ? `user ${userInfo().username};` : ""}
events {}
http {
  access_log off;
  ${temporary}
  server {
    listen unix:${from} http2;
    client_max_body_size 0;
    location / {
      grpc_pass grpc://unix:${to};
      client_body_timeout ${idleTimeoutMs}ms;
      grpc_read_timeout ${idleTimeoutMs}ms;
      grpc_send_timeout ${idleTimeoutMs}ms;
    }
  }
}
`;
      return ["-c", written(folder, "nginx.conf", config), "-e", join(folder, "error.log")];
    },
  },
  {
    name: "haproxy",
    debianPackage: "haproxy",
    endsIdleStreams: true,
    configure(folder, { from, to, idleTimeoutMs }) {
      const config = `defaults
  mode http
  timeout connect 5s
  timeout client ${idleTimeoutMs}ms
  timeout server ${idleTimeoutMs}ms
frontend clients
  bind unix@${from} proto h2
  default_backend server
backend server
  server falco-outputs unix@${to} proto h2
`;
      return ["-f", written(folder, "haproxy.cfg", config)];
    },
  },
  {
    name: "caddy",
    debianPackage: "caddy",
    endsIdleStreams: false,
    configure(folder, { from, to }) {
      const config = `{
  admin off
  auto_https off
  storage file_system ${join(folder, "caddy")}
  servers {
    protocols h1 h2 h2c
  }
}
http:// {
  bind unix/${from}
  reverse_proxy unix/${to} {
    transport http {
      versions h2c 2
    }
    flush_interval -1
  }
}
`;
      return ["run", "--adapter", "caddyfile", "--config", written(folder, "Caddyfile", config)];
    },
  },
  {
    name: "nghttpx",
    debianPackage: "nghttp2-proxy",
    endsIdleStreams: true,
    configure(folder, { from, to, idleTimeoutMs }) {
      const config = `frontend=unix:${from};no-tls
backend=unix:${to};;proto=h2
backend-read-timeout=${idleTimeoutMs}ms
workers=1
`;
      return [`--conf=${written(folder, "nghttpx.conf", config)}`];
    },
  },
];

/** Whether this machine has the program. */
export function isInstalled({ name }: ReverseProxy): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`], { env: environment }).status === 0;
}

/** Debian's programs for administrators are in folders that are not on everyone's path. */
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** A proxy that runs. */
export interface RunningProxy {
  /** For clients. */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Starts a proxy before the unix socket `to`.
 * @param folder An empty folder for the proxy's own files.
 * @param idleTimeoutMs How long a stream may be without traffic, if the proxy has a limit for that.
 * @throws Error with what the proxy said, if it does not take connections within some seconds.
 */
export async function startReverseProxy(
  proxy: ReverseProxy,
  folder: string,
  to: string,
  idleTimeoutMs = hourMs,
): Promise<RunningProxy> {
  const own = join(folder, proxy.name);
  mkdirSync(own);
  const from = join(own, "proxy.sock");
  const child = spawn(proxy.name, proxy.configure(own, { from, to, idleTimeoutMs }), {
    cwd: own,
    env: { ...environment, HOME: own },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
  }
  const closed = once(child, "close");
  const stop = async () => {
    child.kill("SIGKILL");
    await closed;
  };
  for (let looks = 0; !(await accepts(from)); looks++) {
    if (looks === maxLooks) {
      await stop();
      throw new Error(`${proxy.name} takes no connections: ${said}`);
    }
    await delay(lookMs);
  }
  return { address: `unix://${from}`, stop };
}

function written(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
