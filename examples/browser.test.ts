import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startServer } from "@falco-outputs/server";
import { fixtureLines } from "@falco-outputs/testing";
import { type Browser, launchChromium, withoutChromium } from "@falco-outputs/testing/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OutsideProject } from "./outside-project.js";

describe.skipIf(withoutChromium)("the browser example, copied outside the workspace", () => {
  const project = new OutsideProject();
  let browser: Browser;
  let serving: ChildProcess | undefined;
  beforeAll(async () => {
    project.install(["core", "web"], ["esbuild@0.28.2"]);
    browser = await launchChromium();
  }, 300_000);
  afterAll(async () => {
    serving?.kill();
    await browser?.close();
    project.remove();
  });

  /** What `npm start` runs, on a port of its own; returns the page's address. */
  async function start(folder: string): Promise<string> {
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [command, ...args] = (scripts.start as string).split(" ");
    const address = `127.0.0.1:${await freePort()}`;
    expect(args.at(-1)).toBe("--serve=127.0.0.1:8080");
    serving = spawn(
      join(project.folder, "node_modules/.bin", command!),
      [...args.slice(0, -1), `--serve=${address}`],
      { cwd: folder, stdio: ["pipe", "inherit", "pipe"] },
    );
    for await (const line of createInterface({ input: serving.stderr! })) {
      if (line.includes(address)) break;
    }
    return `http://${address}`;
  }

  it("shows what the server has, and what comes", async () => {
    const origin = await start(project.copy("browser"));
    await using server = await startServer({
      listen: [],
      web: [{ address: "127.0.0.1:0", allowedOrigins: [origin] }],
    });
    const alerts = fixtureLines("alerts.jsonl");
    const rules = alerts.map((line) => JSON.parse(line).rule as string);
    const last = alerts.pop()!;
    for (const alert of alerts) await server.publish(alert);

    const page = await browser.newPage();
    const errors: unknown[] = [];
    page.on("pageerror", (error) => errors.push(error));
    await page.goto(`${origin}/?server=${server.webUrl}`);
    await server.waitForSubscribers(1);
    await server.publish(last);
    await page.waitForFunction((count) => document.querySelectorAll("tr").length === count, rules.length);
    const shown = await page.locator("td:nth-child(3)").allTextContents();
    expect(shown).toEqual(rules.toReversed());
    expect(await page.locator("#status").textContent()).toBe("connected");
    expect(errors).toEqual([]);
    await page.close();
    await server.waitForSubscribers(0);
  }, 60_000);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
