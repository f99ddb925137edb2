import type { Alert, CallOptions, Code, FalcoError, FalcoVersion } from "@falco-outputs/node";
import type { CallLine, CallResult, Target } from "../../protocol.js";
import { serveLines } from "../serve-lines.js";
import { StreamCall, type Streams } from "./stream-call.js";

/** The public API of a package for one runtime, as far as the testees of all of them need it. */
export interface ClientPackage {
  connect(target: Target): RuntimeClient;
  /** Makes an alert of a line of Falco's; absent if it cannot. @throws FalcoError for what is none. */
  readAlert?(text: string): Alert;
  alertToJson(alert: Alert): string;
  FalcoError: typeof FalcoError;
  Code: typeof Code;
}

interface RuntimeClient extends Streams {
  version(options: CallOptions): Promise<FalcoVersion>;
  close(): Promise<void>;
}

const ok = { code: 0, message: "" };

/** Makes the calls that stdin asks for with the clients of one package. */
export async function serveClient(runtime: ClientPackage): Promise<void> {
  await serveLines((target) => {
    // Made by the first call, so that options which createClient refuses are that call's result.
    let client: RuntimeClient | undefined;
    return {
      async call(line, onProgress, cancelled) {
        const stream = new StreamCall(line, runtime.alertToJson, onProgress, cancelled);
        const isStream = line.method === "sub" || line.method === "get";
        try {
          if (line.method === "read_alert" && runtime.readAlert !== undefined) {
            return { alerts: [stream.neutral(runtime.readAlert(line.text!))], status: ok };
          }
          client ??= runtime.connect(target);
          if (!isStream) return await version(client, line);
          const ended = await stream.run(client);
          const status = ended === "cancelled" ? { code: runtime.Code.Canceled, message: "" } : ok;
          return { ...stream.seen, status };
        } catch (reason) {
          const status = statusOf(reason, runtime);
          return isStream ? { ...stream.seen, status } : { status };
        }
      },
      close: () => client?.close(),
    };
  });
}

async function version(client: RuntimeClient, line: CallLine): Promise<CallResult> {
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

function statusOf(reason: unknown, { FalcoError }: ClientPackage) {
  if (!(reason instanceof FalcoError)) throw reason;
  const { code, message, tried } = reason;
  return {
    code,
    message: inTheContractsNames(tried === undefined ? message : message.slice(tried.length + 2)),
  };
}

/** An option that is called otherwise in the contract, whose names a case has. */
function inTheContractsNames(message: string): string {
  return message
    .replace(/^(.*\b)?minPriority\b/, "$1min_priority")
    .replace(/\.fields\[""\]/, ".fields[0].name")
    .replace(/^acknowledge: /, "acknowledged: ");
}
