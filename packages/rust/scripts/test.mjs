// npm test of this package: rustfmt, clippy, rustdoc, the stubs and cargo test.
import { fileURLToPath } from "node:url";
import { lacks, Tally } from "@falco-outputs/testing";
import { countTests } from "./count-tests.mjs";

/** The examples are separate crates; their format is checked here too. */
const examples = ["subscriber", "subscriber-tls", "acknowledge"].map(
  (name) => `../../examples/rust/${name}/src/main.rs`,
);

const here = fileURLToPath(new URL("..", import.meta.url));
const tally = new Tally(here);
const hasCargo = cargo("--version").error === undefined;
if (lacks("cargo on the PATH", hasCargo, "https://rustup.rs")) tally.finish();

process.env.RUSTDOCFLAGS = "-D warnings";
tally.check("rustfmt", cargo("fmt", "--check"));
tally.check(
  "rustfmt: examples",
  tally.run("rustfmt", "--check", "--edition", "2024", "--config-path", "rustfmt.toml", ...examples),
);
const strict = ["--", "-D", "warnings"];
tally.check(
  "clippy",
  cargo("clippy", "--locked", "--workspace", "--all-targets", "--all-features", ...strict),
);
const bare = ["--no-default-features", "--lib"];
tally.check("clippy, without features", cargo("clippy", "--locked", ...bare, ...strict));
tally.check("rustdoc", cargo("doc", "--locked", "--no-deps", "--all-features"));
// Not with `cargo run -p`, which would compile its dependencies again, with other features.
const codegen = `${process.env.CARGO_TARGET_DIR ?? `${here}target`}/debug/falco-outputs-codegen`;
tally.check("generated code is fresh", tally.run(codegen, "--check"));

const tests = cargo("test", "--locked", "--workspace", "--all-features", "--no-fail-fast");
const counted = countTests(tests.stdout ?? "");
// Something other than a test failed, e.g. the build.
if (tests.status !== 0 && counted.failed === 0) counted.failed = 1;
tally.count("cargo test", counted);
if (tests.status !== 0) console.log(tests.error?.message ?? `${tests.stdout}${tests.stderr}`);
tally.finish();

function cargo(...args) {
  return tally.run("cargo", ...args);
}
