// The testee of @falco-outputs/node: its public API, as a user has it.
import {
  type Alert,
  alertFromJson,
  alertFromText,
  type CallOptions,
  type Client,
  Code,
  createClient,
  FalcoError,
} from "@falco-outputs/node";
import type { CallLine, CallResult, Target } from "../../protocol.js";
import { serveLines } from "../serve-lines.js";
import { neutralAlert } from "./neutral.js";
import { StreamCall } from "./stream-call.js";

const ok = { code: 0, message: "" };

await serveLines((target) => {
  // Made by the first call, so that options which createClient refuses are that call's result.
  let client: Client | undefined;
  return {
    async call(line, onProgress, cancelled) {
      const stream = new StreamCall(line, onProgress, cancelled);
      const isStream = line.method === "sub" || line.method === "get";
      try {
        if (line.method === "read_alert") {
          return { alerts: [neutralAlert(readAlert(line.text!))], status: ok };
        }
        client ??= connect(target);
        if (!isStream) return await version(client, line);
        const ended = await stream.run(client);
        return { ...stream.seen, status: ended === "cancelled" ? { code: Code.Canceled, message: "" } : ok };
      } catch (reason) {
        const status = statusOf(reason);
        return isStream ? { ...stream.seen, status } : { status };
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

async function version(client: Client, line: CallLine): Promise<CallResult> {
  if (line.method !== "version") throw new Error(`this client has no ${line.method}`);
  const options: CallOptions = {
    ...(line.timeout_ms !== undefined && { timeoutMs: line.timeout_ms }),
    ...(line.headers && { headers: line.headers }),
  };
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
