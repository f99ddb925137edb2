import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { scenes } from "./scenes/all.js";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

interface Ended {
  code?: number;
  stdout: string;
  stderr: string;
}

function bench(...args: string[]): Promise<Ended> {
  return promisify(execFile)(process.execPath, [main, ...args]).catch((error: Ended) => error);
}

const figure = {
  median: expect.any(Number),
  min: expect.any(Number),
  max: expect.any(Number),
  rounds: 1,
};

it("runs a scene with all its processes, and prints one JSON object", { timeout: 120_000 }, async () => {
  const { stdout, stderr } = await bench("--quick", "--rounds", "1", "--scene", "http", "--json");
  expect(stderr).toMatch(/http: [\d.]+ s/);
  const json = JSON.parse(stdout);
  const sides = { "posts/s": figure, "server µs/post": figure, "load µs/post": figure };
  expect(json.http).toMatchObject({
    figures: { "falco-outputs, 1": sides, "node:http, 1": sides, "falco-outputs, 4": sides },
    ratios: { "falco-outputs, 1 / node:http, 1": sides },
    repeatedRounds: expect.any(Number),
  });
  expect(json.targets.map(({ scene }: { scene: string }) => scene)).toContain("http");
  expect(json.machine).toMatchObject({ cores: expect.any(Number), node: process.versions.node });
});

it("lists the scenes", async () => {
  expect((await bench("--list")).stdout.trim().split("\n")).toEqual(scenes.map(({ name }) => name));
});

it("ends with 2 and its usage for what it does not know", async () => {
  expect(await bench("--scene", "nothing")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("Usage: npm run bench"),
  });
});
