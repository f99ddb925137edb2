import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@falco-outputs/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "./client.js";
import { falcoFolder, folderWith, isPrivate, userFolder } from "./default-address.js";

// On a machine with a Falco, its socket would come first.
vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  return { ...fs, existsSync: (path: string) => !path.startsWith("/run/falco/") && fs.existsSync(path) };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "default-address-"));
  vi.stubEnv("XDG_RUNTIME_DIR", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Makes this process one of a user other than root, whose folder it is. */
function becomeUser(): void {
  const { uid } = statSync(folder);
  const user = uid === 0 ? 1000 : uid;
  if (uid === 0) chownSync(folder, user, 0);
  vi.spyOn(process as { getuid: () => number }, "getuid").mockReturnValue(user);
}

describe("the user's folder", () => {
  it("is that of the session, or else one in the folder for temporary files", () => {
    becomeUser();
    expect(userFolder()).toBe(folder);
    vi.stubEnv("XDG_RUNTIME_DIR", "");
    expect(userFolder()).toBe(join(tmpdir(), `falco-outputs-${process.getuid!()}`));
  });

  it("is private unless others own it, can write to it, or it only leads elsewhere", () => {
    becomeUser();
    expect(isPrivate(folder)).toBe(true);
    symlinkSync(folder, join(folder, "link"));
    expect(isPrivate(join(folder, "link"))).toBe(false);
    for (const mode of [0o770, 0o707]) {
      chmodSync(folder, mode);
      expect(isPrivate(folder)).toBe(false);
    }
    chmodSync(folder, 0o755);
    expect(isPrivate(folder)).toBe(true);
    vi.spyOn(process as { getuid: () => number }, "getuid").mockReturnValue(4711);
    expect(isPrivate(folder)).toBe(false);
  });

  it("is where a socket is looked for if only that one is there", () => {
    becomeUser();
    const name = "default-address-test.sock";
    expect(folderWith(name)).toBe(falcoFolder);
    writeFileSync(join(folder, name), "");
    expect(folderWith(name)).toBe(folder);
  });
});

describe("a client without an address", () => {
  it("finds the server that the same user has started", async () => {
    becomeUser();
    await using server = await startServer({ listen: [join(folder, "falco.sock")] });
    await server.publish({ rule: "a rule", priority: "Notice" });
    await using client = createClient();
    const rules: string[] = [];
    for await (const { rule } of client.get()) rules.push(rule);
    expect(rules).toEqual(["a rule"]);
  });

  it("goes to Falco's socket if there is none", async () => {
    becomeUser();
    await using client = createClient();
    await expect(client.version()).rejects.toThrow("version on unix:///run/falco/falco.sock: ");
  });

  it("is refused where others may have put the socket", () => {
    becomeUser();
    writeFileSync(join(folder, "falco.sock"), "");
    chmodSync(folder, 0o777);
    expect(() => createClient()).toThrow(
      `address: missing, expected one, since others own ${folder} or can write to it, and may have put the socket there`,
    );
    expect(() => createClient({ address: "/run/falco.sock" })).not.toThrow();
  });
});

it("loads nothing but Node's own modules", async () => {
  const program = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(\`
      export async function resolve(specifier, context, next) {
        const resolved = await next(specifier, context);
        console.log(resolved.url);
        return resolved;
      }
    \`));
    await import("@falco-outputs/node/default-address");
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: join(import.meta.dirname, ".."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  expect(await once(child, "close")).toEqual([0, null]);
  const loaded = output.trim().split("\n");
  expect(loaded.filter((url) => !url.startsWith("node:"))).toEqual([
    expect.stringMatching(/\/packages\/node\/dist\/default-address\.js$/),
  ]);
});
