// The testee of @falco-outputs/node: its public API, as a user has it.
import {
  type Alert,
  alertFromJson,
  alertFromText,
  alertToJson,
  type Client,
  Code,
  createClient,
  FalcoError,
} from "@falco-outputs/node";
import type { Target } from "../../protocol.js";
import { serveClient } from "./serve-client.js";

await serveClient({ connect, readAlert, alertToJson, FalcoError, Code });

function connect({ address, tls }: Target): Client {
  if (tls === undefined) return createClient({ address, insecure: !address.startsWith("unix:") });
  const { ca, cert, key, server_name: serverName } = tls;
  return createClient({
    address,
    tls: { ca, cert: cert!, key: key!, ...(serverName !== undefined && { serverName }) },
  });
}

function readAlert(text: string): Alert {
  const alert = /^\s*\{/.test(text) ? alertFromJson(text) : alertFromText(text);
  if (alert === undefined) throw new FalcoError("not an alert", Code.InvalidArgument);
  return alert;
}
