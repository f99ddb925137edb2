// npm test of this package: gofmt, go vet, staticcheck and go test.
import { fileURLToPath } from "node:url";
import { lacks, Tally } from "@falco-outputs/testing";
import { countTests } from "./count-tests.mjs";

/** Every folder of the repository with Go in it. */
const goFolders = [".", "../conformance/testees", "../../examples/go"];

const tally = new Tally(fileURLToPath(new URL("..", import.meta.url)));
const hasGo = go("version").error === undefined;
if (lacks("go on the PATH", hasGo, "https://go.dev/dl")) tally.finish();
tally.check("gofmt", tally.run("gofmt", "-l", ...goFolders), ({ stdout }) => stdout === "");
tally.check("go vet", go("vet", "./..."));
tally.check("go mod tidy", go("mod", "tidy", "-diff"));
tally.check("go mod tidy, of the newest gRPC", go("mod", "tidy", "-modfile=newest.mod", "-diff"));
tally.check("go vet, with the newest gRPC", go("vet", "-modfile=newest.mod", "./..."));
const staticcheck = go("-C", "tools", "tool", "-n", "staticcheck");
tally.check(
  "staticcheck",
  staticcheck.status === 0 ? tally.run(staticcheck.stdout.trim(), "./...") : staticcheck,
);

// Without -count=1 Go would answer from its cache when only the server changed, which it does not know about.
const tests = go("test", "-json", "-count=1", ...raceFlags(), "./...");
const { output, ...counted } = countTests(tests.stdout ?? "");
// Something other than a test failed, e.g. a leak was found after them.
if (tests.status !== 0 && counted.failed === 0) counted.failed = 1;
tally.count("go test", counted);
console.log(tests.error?.message ?? output + tests.stderr);
tally.finish();

/** The race detector needs a C compiler. */
function raceFlags() {
  const [enabled, compiler] = go("env", "CGO_ENABLED", "CC").stdout?.trim().split("\n") ?? [];
  const isThere = enabled === "1" && tally.run(compiler, "--version").status === 0;
  const what = "a C compiler for Go's race detector";
  return lacks(what, isThere, "apt-get install gcc libc6-dev") ? [] : ["-race"];
}

function go(...args) {
  return tally.run("go", ...args);
}
