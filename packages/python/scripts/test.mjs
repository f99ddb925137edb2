// npm test of this package: ruff, mypy, the stubs and pytest.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lacks, Tally } from "@falco-outputs/testing";
import { countTests } from "./count-tests.mjs";
import { environment, root } from "./environment.mjs";

const tally = new Tally(root);
const { python, missing } = environment("development");
if (lacks(missing, missing === undefined, "PYTHON names another interpreter")) tally.finish();
if (missing !== undefined) throw new Error(`missing: ${missing}`);

tally.check("format", module("ruff", "format", "--check", "."));
tally.check("lint", module("ruff", "check", "."));
tally.check("types", module("mypy"));
tally.check("generated code is fresh", tally.run(process.execPath, "scripts/check-generated.mjs"));

// Not in the folder of the report, where every file is taken for a report.
const counts = join(root, ".venv/pytest.xml");
rmSync(counts, { force: true });
const tests = module("pytest", "-q", `--junit-xml=${counts}`);
console.log(`${tests.stdout}${tests.stderr}`);
const counted = countTests(readFileSync(counts, "utf8"));
// An error of pytest's own, e.g. a file that cannot be imported.
if (tests.status !== 0 && counted.failed === 0) Object.assign(counted, { failed: 1, failures: ["pytest"] });
tally.count("pytest", counted);
tally.finish();

function module(name, ...args) {
  return tally.run(python, "-m", name, ...args);
}
