import { connect } from "node:net";
import { type Address, readAddress } from "@falco-outputs/core/address";
import { listOf } from "../config/items-of.js";
import type { Serving } from "../config/serving.js";

/** How long a receiver may take to accept a connection, in milliseconds. */
const timeoutMs = 5_000;

interface Receiver {
  key: string;
  address: Address;
}

/** Which receivers and servers do not accept a connection; nothing is sent to them. */
export async function unreachable(serving: Serving): Promise<string[]> {
  const problems = await Promise.all(
    receiversOf(serving).map(async ({ key, address }) => {
      const reason = await connectionProblem(address);
      return reason && `${key}: it cannot be reached: ${reason}`;
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

function receiversOf({ server, upstreams, items }: Serving): Receiver[] {
  const { http, syslog } = server.outputs ?? {};
  const receivers: Receiver[] = [];
  for (const [index, { url: text, createAgent }] of listOf(http).entries()) {
    // A proxy knows whether it can be reached.
    if (createAgent !== undefined) continue;
    const url = new URL(text);
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    receivers.push({ key: `${items.http_output![index]}.url`, address: { kind: "tcp", host, port } });
  }
  const syslogAddress = typeof syslog === "object" ? readAddress(syslog.address ?? "") : undefined;
  if (syslogAddress !== undefined) receivers.push({ key: "syslog_output.address", address: syslogAddress });
  for (const { key, address: text } of upstreams) {
    const address = readAddress(text);
    if (address !== undefined) receivers.push({ key: `${key}.address`, address });
  }
  return receivers;
}

function connectionProblem(address: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = address.kind === "unix" ? connect(address.path) : connect(address.port, address.host);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
