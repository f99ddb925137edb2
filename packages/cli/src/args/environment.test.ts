import { startServer } from "@falco-outputs/server";
import { fixturePath } from "@falco-outputs/testing";
import { afterEach, expect, it, vi } from "vitest";
import { ran } from "../testing/in-process.js";

afterEach(() => vi.unstubAllEnvs());

function environment(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

it.each([
  [{ FALCO_OUTPUTS_COUNT: "many" }, 'FALCO_OUTPUTS_COUNT: "many" is invalid. expected a whole number from 1'],
  [
    { FALCO_OUTPUTS_OUTPUT: "xml" },
    'FALCO_OUTPUTS_OUTPUT: "xml" is invalid. Allowed choices are compact, dict',
  ],
  [{ FALCO_OUTPUTS_SINCE: "soon" }, 'FALCO_OUTPUTS_SINCE: "soon" is invalid. expected how long ago'],
  [{ FALCO_OUTPUTS_WAIT: "maybe" }, 'FALCO_OUTPUTS_WAIT: "maybe" is invalid. expected true or false'],
  [{ FALCO_OUTPUTS_FIELD: "=x" }, 'FALCO_OUTPUTS_FIELD: "=x" is invalid. expected NAME=VALUE'],
  [{ FALCO_OUTPUTS_MIN_PRIORITY: "loud" }, 'FALCO_OUTPUTS_MIN_PRIORITY: "loud", expected one of Emergency'],
  [{ FALCO_OUTPUTS_ALLOW: "{" }, "FALCO_OUTPUTS_ALLOW: this is not JSON"],
  [{ FALCO_OUTPUTS_COLUMNS: "a,,b" }, 'FALCO_OUTPUTS_COLUMNS: "a,,b", expected names'],
  [{ FALCO_OUTPUTS_CERT: "x" }, "FALCO_OUTPUTS_CERT, --key and --ca go together"],
  [{ FALCO_OUTPUTS_SERVER_NAME: "x" }, "FALCO_OUTPUTS_SERVER_NAME goes with --cert, --key and --ca"],
  [{ FALCO_OUTPUTS_ADDRESS: "nowhere" }, 'FALCO_OUTPUTS_ADDRESS: "nowhere", expected unix:///path'],
  [
    { FALCO_OUTPUTS_GROUP: "g", FALCO_OUTPUTS_LAST: "1" },
    "environment variable 'FALCO_OUTPUTS_GROUP' cannot be used with environment variable 'FALCO_OUTPUTS_LAST'",
  ],
])("is named where it has a wrong value: %j", async (variables, message) => {
  environment(variables);
  const { status, out, err } = await ran("get");
  expect({ status, out }).toEqual({ status: 2, out: "" });
  expect(err).toContain(message);
});

it.each([["groups", "forget", "x"], ["status"]])("is named by %s", async (...args) => {
  environment({ FALCO_OUTPUTS_ADDRESS: "falco.example:5060" });
  expect((await ran(...args)).err).toContain(
    "FALCO_OUTPUTS_ADDRESS falco.example:5060 needs --cert, --key and --ca",
  );
});

it("gives way to the command line, and counts for nothing when it is empty or says no", async () => {
  await using server = await startServer();
  for (const output of ["a", "b"]) await server.publish({ rule: "R", priority: "Notice", output });
  environment({
    FALCO_OUTPUTS_ADDRESS: "nowhere",
    FALCO_OUTPUTS_LAST: "1",
    FALCO_OUTPUTS_GROUP: "",
    FALCO_OUTPUTS_FOLLOW: "false",
    FALCO_OUTPUTS_RULE: "none",
  });
  const { status, out, err } = await ran("get", "-a", server.address, "--rule", "R");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toMatch(/^\S+ Notice +R: b\n$/);
});

it("does not keep the command line from another format", async () => {
  const file = fixturePath("alerts.jsonl");
  environment({ FALCO_OUTPUTS_COLUMNS: "rule", FALCO_OUTPUTS_INPUT_FILE: file, FALCO_OUTPUTS_COUNT: "1" });
  expect((await ran("get")).out).toBe("RULE\nTerminal shell in container\n");
  expect((await ran("get", "-o", "json")).out).toMatch(/^{/);
  environment({ FALCO_OUTPUTS_OUTPUT: "json" });
  expect((await ran("get", "--columns", "hostname")).out).toBe("HOSTNAME\nnode-1\n");
  expect((await ran("get")).err).toContain("FALCO_OUTPUTS_COLUMNS goes with -o table, not with -o json");
});

it("has one value a line for a flag that may be repeated, and no value for --not", async () => {
  environment({ FALCO_OUTPUTS_RULE: "one, two\nthree\n", FALCO_OUTPUTS_FIELD: "a=b" });
  const { out } = await ran("get", "--print-filters");
  expect(JSON.parse(out).allow).toEqual([
    { rules: ["one, two", "three"], fields: [{ name: "a", values: ["b"] }] },
  ]);
  expect((await ran("get", "--print-filters", "--not")).err).toContain(
    "--not: expected a filter flag after it",
  );
});

it("is shown by --help, flag by flag", async () => {
  const { out } = await ran("get", "--help");
  expect(out.replace(/\s+/g, " ")).toContain("(env: FALCO_OUTPUTS_CONTAINER_IMAGE)");
});
