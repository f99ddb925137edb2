import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../index.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "socket-"));
  path = join(folder, "falco.sock");
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** A user that is not root, and a group that nobody is a member of. */
const [nobody, strangeGroup] = [65_534, 54_321];

const permissions = () => statSync(path).mode & 0o777;

/** A socket whose server was killed: its file is still there. */
async function leaveStaleSocket(): Promise<void> {
  const code = "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))";
  const child = spawn(process.execPath, ["-e", code, path], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout!, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(existsSync(path)).toBe(true);
}

describe("a unix socket", () => {
  it.each([`unix://PATH`, "unix:PATH", "PATH"])("is had by %s, and is gone after the stop", async (form) => {
    const server = await startServer({ listen: [form.replace("PATH", path)] });
    expect(server.address).toBe(`unix://${path}`);
    expect(statSync(path).isSocket()).toBe(true);
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it("is open to its owner alone, unless its mode says otherwise", async () => {
    const strict = await startServer({ listen: [path] });
    expect(permissions()).toBe(0o600);
    await strict.stop();
    const shared = await startServer({ listen: [{ address: path, mode: 0o660 }] });
    expect(permissions()).toBe(0o660);
    await shared.stop();
  });

  it("belongs to the group that it is given, by number or name", async () => {
    const group = process.getgid!();
    const server = await startServer({ listen: [{ address: path, group }] });
    expect(statSync(path).gid).toBe(group);
    await server.stop();
    await expect(startServer({ listen: [{ address: path, group: "no-such-group" }] })).rejects.toThrow(
      'listen[0].group: "no-such-group", expected the name or number of a group that exists',
    );
  });

  it("is gone when its group may not be given, and nothing listens on any more", async () => {
    // Root may give any group, so for that moment this process is not root.
    if (process.getuid!() === 0) {
      chownSync(folder, nobody, nobody);
      process.seteuid!(nobody);
      onTestFinished(() => process.seteuid!(0));
    }
    const input = { address: join(folder, "in.sock"), group: strangeGroup };
    for (const options of [
      { listen: [path, { address: join(folder, "other.sock"), group: strangeGroup }] },
      { listen: [path], inputs: { http: [input] } },
    ]) {
      await expect(startServer(options)).rejects.toThrow(
        `.group: ${strangeGroup}, expected a group that the user of this process is a member of`,
      );
      // A socket's file goes when its server is closed.
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it("gets the folder that it needs", async () => {
    const deep = join(folder, "a", "b", "falco.sock");
    const server = await startServer({ listen: [deep] });
    expect(existsSync(deep)).toBe(true);
    await server.stop();
  });

  it("replaces one that nobody listens on any more", async () => {
    await leaveStaleSocket();
    const server = await startServer({ listen: [path] });
    await server.stop();
  });

  it("never takes one from a live server, nor does a failed start remove it", async () => {
    const live = createServer().listen(path);
    await once(live, "listening");
    await expect(startServer({ listen: [path] })).rejects.toThrow(
      `cannot listen on ${path}: another server listens there`,
    );
    expect(existsSync(path)).toBe(true);
    await new Promise((resolve) => live.close(resolve));
  });

  it("never replaces another file", async () => {
    writeFileSync(path, "precious");
    await expect(startServer({ listen: [path] })).rejects.toThrow("a file that is not a socket is there");
    expect(statSync(path).size).toBe(8);
  });

  it("has a path that the system can hold, and is not listened on elsewhere", async () => {
    const long = join(folder, "x".repeat(200));
    await expect(startServer({ listen: [long] })).rejects.toThrow("expected a socket's path of at most");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says why it cannot be had", async () => {
    writeFileSync(path, "");
    const below = join(path, "falco.sock");
    await expect(startServer({ listen: [below] })).rejects.toThrow(`cannot listen on ${below}`);
  });
});
