import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The package as a bundler makes it for a page, an ES module. */
export async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../../dist/index.js", import.meta.url))],
    bundle: true,
    format: "esm",
    minify: true,
    platform: "browser",
    write: false,
  });
  return outputFiles[0]!.contents;
}

export interface Site {
  readonly origin: string;
  close(): void;
}

/** A site of one page, whose scripts find the package as `falcoOutputs`. */
export async function serveSite(script: Uint8Array, host = "127.0.0.1"): Promise<Site> {
  const page =
    '<!doctype html><script type="module">globalThis.falcoOutputs = await import("/falco-outputs.js")</script>';
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const isScript = request.url === "/falco-outputs.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
