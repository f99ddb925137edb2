import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lacks } from "@falco-outputs/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Program } from "./outside-project.js";
import { expectAllPrinted, itSubscribes, publishAll, start } from "./subscriber-examples.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const packageFolder = join(here, "../packages/python");
const tools = spawnSync(process.execPath, [join(packageFolder, "scripts/environment.mjs"), "development"], {
  encoding: "utf8",
});
/** The interpreter, or what is missing for one. */
const toolsPython = tools.stdout.trim();
const withoutPython = lacks(toolsPython, tools.status !== 3, "PYTHON names another interpreter");

const folder = mkdtempSync(join(tmpdir(), "outside-python-"));
/** The interpreter of an environment that has our wheel as PyPI would serve it. */
const python = join(folder, "venv/bin/python");

beforeAll(() => {
  if (withoutPython) return;
  if (tools.status !== 0) throw new Error(tools.stderr);
  run(toolsPython, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, packageFolder);
  run(toolsPython, "-m", "venv", "--without-pip", join(folder, "venv"));
  const wheel = readdirSync(folder).find((file) => file.endsWith(".whl"))!;
  run(toolsPython, "-m", "pip", "--python", python, "install", "--quiet", join(folder, wheel));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const checked = new Set<string>();

/** An example, copied and type-checked the first time, with arguments. */
function runExample(name: string, ...args: string[]): Program {
  const copy = join(folder, "examples", name);
  const program = `${name.replace("-", "_")}.py`;
  if (!checked.has(name)) {
    mkdirSync(copy, { recursive: true });
    cpSync(join(here, "python", name), copy, { recursive: true });
    run(toolsPython, "-m", "mypy", "--strict", "--python-executable", python, join(copy, program));
    checked.add(name);
  }
  return new Program(copy, python, program, ...args);
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

describe.skipIf(withoutPython)("examples for Python, with the wheel", { timeout: 60_000 }, () => {
  itSubscribes(runExample, () => folder);

  it("the README's programs run", async () => {
    const readme = readFileSync(join(packageFolder, "README.md"), "utf8");
    const quickStart = /## Quick start\n([\s\S]*?)\n## /.exec(readme)![1]!;
    const programs = [...quickStart.matchAll(/```py\n([\s\S]*?)```/g)];
    expect(programs).toHaveLength(2);
    for (const [index, [, code]] of programs.entries()) {
      const server = await start();
      const file = `readme_${index}.py`;
      writeFileSync(
        join(folder, file),
        code!.replace(/Client\(\)/, `Client(${JSON.stringify(server.address)})`),
      );
      const program = new Program(folder, python, "-u", file);
      await server.waitForSubscribers(1);
      await publishAll(server);
      await expectAllPrinted(program, ["Connecting(", "Connected("]);
      expect(program.errors).toEqual([]);
      program.kill();
      await program.exited;
    }
  });
});
