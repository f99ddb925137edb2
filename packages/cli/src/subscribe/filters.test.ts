import { expect, it } from "vitest";
import { ran } from "../testing/in-process.js";

/** What would be sent. */
async function sent(...args: string[]): Promise<Record<string, unknown>> {
  const { status, out, err } = await ran("get", "--print-filters", ...args);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  return JSON.parse(out);
}
const fields = (...parts: [name: string, ...values: string[]][]) => ({
  fields: parts.map(([name, ...values]) => (values.length > 0 ? { name, values } : { name })),
});
const [namespace, pod] = ["k8s.ns.name", "k8s.pod.name"] as const;
const [repository, tag] = ["container.image.repository", "container.image.tag"] as const;

it.each<[string, object[]]>([
  ["", []],
  ["--rule a --rule b* --tag t", [{ rules: ["a", "b*"], tags: ["t"] }]],
  ["--min-priority warning", [{ min_priority: "Warning" }]],
  ["--field a=1 --field b=x=y --field a=2", [fields(["a", "1", "2"], ["b", "x=y"])]],
  ["--field a --field b=", [fields(["a"], ["b", ""])]],
  ["--field a --field a=1", [fields(["a", "1"])]],
  ["--namespace shop --namespace pay", [fields([namespace, "shop", "pay"])]],
  ["--namespace shop --field k8s.ns.name=pay", [fields([namespace, "pay", "shop"])]],
  ["--namespace shop --pod web --pod db", [fields([namespace, "shop"], [pod, "web", "db"])]],
  ["--pod shop/web", [fields([namespace, "shop"], [pod, "web"])]],
  [
    "--rule r --pod shop/web --pod pay/db --pod any",
    [
      { rules: ["r"], ...fields([pod, "any"]) },
      { rules: ["r"], ...fields([namespace, "shop"], [pod, "web"]) },
      { rules: ["r"], ...fields([namespace, "pay"], [pod, "db"]) },
    ],
  ],
  ["--container-image docker.io/library/nginx", [fields([repository, "docker.io/library/nginx"])]],
  ["--container-image nginx:1.27", [fields([repository, "nginx"], [tag, "1.27"])]],
  ["--container-image localhost:5000/nginx", [fields([repository, "localhost:5000/nginx"])]],
  [
    "--container-image localhost:5000/nginx:1.*",
    [fields([repository, "localhost:5000/nginx"], [tag, "1.*"])],
  ],
  [
    "--container-image nginx@sha256:ab",
    [fields([repository, "nginx"], ["container.image.digest", "sha256:ab"])],
  ],
  ["--pod a/b --container-image c:d", [fields([namespace, "a"], [pod, "b"], [repository, "c"], [tag, "d"])]],
])("allows what flags say: %s", async (line, allow) => {
  expect(await sent(...line.split(" ").filter((word) => word !== ""))).toEqual({ allow, deny: [] });
});

it("turns the next filter flag around with --not, and no other", async () => {
  const line =
    "--not --rule a -o json --rule b --not --min-priority error --not --pod shop/web --tag t --not --rule c";
  expect(await sent(...line.split(" "))).toEqual({
    allow: [{ rules: ["b"], tags: ["t"] }],
    deny: [
      { min_priority: "Error" },
      { rules: ["a"] },
      { rules: ["c"] },
      fields([namespace, "shop"], [pod, "web"]),
    ],
  });
});

it("takes filters in JSON, as it prints them and in the other spelling", async () => {
  const line = "--rule a --field f=g --field h --min-priority info --not --host x --not --field k";
  const printed = await sent(...line.split(" "));
  expect(
    await sent("--allow", JSON.stringify(printed.allow), "--deny", JSON.stringify(printed.deny)),
  ).toEqual(printed);
  expect(
    await sent(
      "--allow",
      '{"minPriority": 6}',
      "--allow",
      '[{"min_priority": "INFO"}]',
      "--not",
      "--tag",
      "t",
    ),
  ).toEqual({
    allow: [{ min_priority: "Informational" }, { min_priority: "Informational" }],
    deny: [{ tags: ["t"] }],
  });
});

it("prints the times as well", async () => {
  expect(await sent("--since", "2026-06-02T09:00:00.5Z", "--until", "2026-06-02T11:00:00+01:00")).toEqual({
    allow: [],
    deny: [],
    since: "2026-06-02T09:00:00.500Z",
    until: "2026-06-02T10:00:00Z",
  });
});

it.each<[string[], string]>([
  [["--not"], "--not: expected a filter flag after it"],
  [["--not", "--not", "--rule", "x"], "--not --not: expected a filter flag after --not"],
  [
    ["--rule", "x", "--tag", "y", "--allow", "{}"],
    "--allow and --rule and --tag: put everything into --allow",
  ],
  [["--pod", "shop/web", "--namespace", "pay"], "--pod shop/web: another flag asks for k8s.ns.name as well"],
  [
    ["--field", "k8s.pod.name", "--pod", "shop/web"],
    "--pod shop/web: another flag asks for k8s.pod.name as well",
  ],
  [["--field", "=x"], "expected NAME=VALUE, or the NAME of an output field"],
  [["--allow", "{"], "--allow: this is not JSON"],
  [["--deny", '"x"'], '--deny: "x", expected a filter, as an object'],
  [["--deny", "{}"], "deny[0]: an empty filter"],
  [
    ["--deny", '[{"tags":[]}, {"rule": "x"}]'],
    "--deny: [1]: rule: there is no such key, expected one of rules, sources",
  ],
  [["--allow", '{"rules": "x"}'], '--allow: rules: "x", expected a list of texts'],
  [["--allow", '{"minPriority": 8}'], "--allow: minPriority: 8, expected one of Emergency, Alert,"],
  [["--allow", '{"fields": {"a": "b"}}'], '--allow: fields: {"a":"b"}, expected a list of {"name": NAME'],
  [
    ["--allow", '{"fields": [{"values": ["b"]}]}'],
    "--allow: fields[0].name: undefined, expected the name of an output field",
  ],
  [
    ["--allow", '{"fields": [{"name": "a", "value": "b"}]}'],
    "--allow: fields[0].value: there is no such key",
  ],
  [
    ["--allow", '{"fields": [{"name": "a"}, {"name": "a"}]}'],
    '--allow: fields[1].name: "a" is there already',
  ],
  [["--since", "1h", "--until", "2h"], "until: it is not later than since"],
  [
    ["--since", "tomorrow"],
    "expected how long ago, e.g. 90m, 2h or 1d, or a time, e.g. 2026-11-01T00:00:00Z",
  ],
  [["--since", "1h", "--group", "g"], "cannot be used with option"],
  [["--until", "1h", "--follow"], "cannot be used with option"],
  [["--columns", "rule", "-o", "json"], "--columns goes with -o table, not with -o json"],
  [
    Array.from({ length: 101 }, (_, index) => ["--pod", `n/${index}`]).flat(),
    "allow: 101 filters, expected at most 100",
  ],
])("refuses %j", async (args, message) => {
  const flags = message.includes("--columns") ? args : ["--print-filters", ...args];
  const { status, out, err } = await ran("get", ...flags);
  expect({ status, out }).toEqual({ status: 2, out: "" });
  expect(err).toContain(message);
});
