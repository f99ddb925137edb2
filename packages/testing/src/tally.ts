import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Counts the checks and the tests of a package in another language, for `npm test` to sum up. */
export class Tally {
  readonly #folder: string;
  #passed = 0;
  #failed = 0;
  readonly #failures: string[] = [];

  /** @param folder The package's. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Runs a program in the package's folder. */
  run(program: string, ...args: string[]): SpawnSyncReturns<string> {
    return spawnSync(program, args, { cwd: this.#folder, encoding: "utf8", maxBuffer: 1024 ** 3 });
  }

  /** Counts one check, which passed if its program ended well and `isGood` says so; prints why it did not. */
  check(
    name: string,
    result: SpawnSyncReturns<string>,
    isGood: (result: SpawnSyncReturns<string>) => boolean = () => true,
  ): void {
    const passed = result.status === 0 && isGood(result);
    this.count(name, { passed: Number(passed), failed: Number(!passed) });
    if (!passed) console.log(result.error?.message ?? `${result.stdout}${result.stderr}`);
  }

  /** Counts tests, and says how many there were if that is not one. `failures` are the names of those that failed. */
  count(
    name: string,
    { passed, failed, failures = [name] }: { passed: number; failed: number; failures?: string[] },
  ): void {
    if (failed > 0) this.#failures.push(...failures);
    this.#passed += passed;
    this.#failed += failed;
    const numbers = passed + failed === 1 ? "" : `: ${passed} passed, ${failed} failed`;
    console.log(`${failed === 0 ? "✓" : "✗"} ${name}${numbers}`);
  }

  /** Leaves the report, and ends the process. */
  finish(): never {
    const folder = join(this.#folder, ".report");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "tally.json"),
      JSON.stringify({ passed: this.#passed, failed: this.#failed, failures: this.#failures }),
    );
    process.exit(this.#failed === 0 ? 0 : 1);
  }
}
