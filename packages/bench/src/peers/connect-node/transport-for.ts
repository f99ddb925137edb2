import * as net from "node:net";
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { readPemFiles } from "../pem-files.js";
import type { Target } from "../roles.js";

export function transportFor(target: Target): Transport {
  return "path" in target
    ? createGrpcTransport({
        baseUrl: "http://localhost",
        nodeOptions: { createConnection: () => net.connect(target.path) },
      })
    : createGrpcTransport({
        baseUrl: `https://${target.authority}`,
        nodeOptions: readPemFiles(target.tls),
      });
}
