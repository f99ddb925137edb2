// The testee of @falco-outputs/node: its public API, as a user has it.
import {
  type Alert,
  type AlertStream,
  alertFromJson,
  alertFromText,
  alertToJson,
  type CallOptions,
  type Client,
  Code,
  createClient,
  FalcoError,
} from "@falco-outputs/node";
import {
  type CallLine,
  type CallResult,
  type NeutralAlert,
  neutralTime,
  type Target,
} from "../../protocol.js";
import { serveLines } from "../serve-lines.js";

const ok = { code: 0, message: "" };

await serveLines((target) => {
  // Made by the first call, so that options which createClient refuses are that call's result.
  let client: Client | undefined;
  return {
    async call(line) {
      const alerts: NeutralAlert[] = [];
      try {
        if (line.method === "read_alert") return { alerts: [neutral(readAlert(line.text!))], status: ok };
        client ??= connect(target);
        return await call(client, line, alerts);
      } catch (reason) {
        const status = statusOf(reason);
        return line.method === "version" || line.method === "read_alert" ? { status } : { alerts, status };
      }
    },
    close: () => client?.close(),
  };
});

function connect({ address, tls }: Target): Client {
  if (tls === undefined) return createClient({ address, insecure: !address.startsWith("unix:") });
  const { ca, cert, key, server_name: serverName } = tls;
  return createClient({
    address,
    tls: { ca, cert: cert!, key: key!, ...(serverName !== undefined && { serverName }) },
  });
}

async function call(client: Client, line: CallLine, alerts: NeutralAlert[]): Promise<CallResult> {
  const options: CallOptions = {
    ...(line.timeout_ms !== undefined && { timeoutMs: line.timeout_ms }),
    ...(line.headers && { headers: line.headers }),
  };
  if (line.method === "version") {
    const { version, major, minor, patch, prerelease, build, ...engine } = await client.version(options);
    return {
      status: ok,
      version: {
        version,
        major,
        minor,
        patch,
        prerelease,
        build,
        engine_version: engine.engineVersion,
        engine_major: engine.engineMajor,
        engine_minor: engine.engineMinor,
        engine_patch: engine.enginePatch,
        engine_fields_checksum: engine.engineFieldsChecksum,
      },
    };
  }
  const cancelled = await collect(streamOf(client, line, options), alerts, line.cancel_after_alerts);
  return { alerts, status: cancelled ? { code: Code.Canceled, message: "" } : ok };
}

function streamOf(client: Client, { method }: CallLine, options: CallOptions): AlertStream {
  if (method === "sub") return client.sub(options);
  if (method === "get") return client.get(options);
  throw new Error(`this client has no ${method}`);
}

/** Gives whether the stream was left as soon as it had brought `count` alerts. */
async function collect(stream: AlertStream, alerts: NeutralAlert[], count?: number): Promise<boolean> {
  for await (const alert of stream) {
    alerts.push(neutral(alert));
    if (alerts.length === count) return true;
  }
  return false;
}

function readAlert(text: string): Alert {
  const alert = /^\s*\{/.test(text) ? alertFromJson(text) : alertFromText(text);
  if (alert === undefined) throw new FalcoError("no alert", Code.InvalidArgument);
  return alert;
}

function statusOf(reason: unknown) {
  if (!(reason instanceof FalcoError)) throw reason;
  const { code, message, tried } = reason;
  return { code, message: tried === undefined ? message : message.slice(tried.length + ": ".length) };
}

function neutral(alert: Alert): NeutralAlert {
  return {
    ...(alert.time && { time: neutralTime(alert.time.seconds, alert.time.nanos) }),
    priority: alert.priority,
    source_deprecated: alert.sourceDeprecated,
    rule: alert.rule,
    output: alert.output,
    output_fields: alert.outputFields,
    hostname: alert.hostname,
    tags: alert.tags,
    source: alert.source,
    ...(alert.sequence !== 0n && { sequence: String(alert.sequence) }),
    json: alertToJson(alert),
  };
}
