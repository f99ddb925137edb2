import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";

/** What figures depend on; nothing that tells whose machine it was. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly packages: Readonly<Record<string, string>>;
}

const peers = ["@grpc/grpc-js", "@grpc/proto-loader", "nice-grpc"];
const builtOn = ["@connectrpc/connect", "@connectrpc/connect-node", "@bufbuild/protobuf"];

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    // What follows the version comes from the builder.
    kernel: `${type()} ${/^\d+(\.\d+)*/.exec(release())?.[0] ?? ""}`.trim(),
    node: process.versions.node,
    packages: Object.fromEntries([...peers, ...builtOn].map((name) => [name, versionOf(name)])),
  };
}

/** The version that is installed. Not every package shows its package.json, but each has one above its entry. */
function versionOf(name: string): string {
  let folder = new URL(".", `file://${createRequire(import.meta.url).resolve(name)}`);
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
      if (found.name === name) return found.version;
    } catch {
      // It is not here.
    }
    const parent = new URL("..", folder);
    if (parent.href === folder.href) throw new Error(`${name} has no package.json`);
    folder = parent;
  }
}
