import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BatchEncoder } from "@falco-outputs/core/codec";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { fixtureLines } from "@falco-outputs/testing";
import { expect, it, vi } from "vitest";
import { EventSeries } from "./event-series.js";

const encode = (...lines: string[]) => {
  const encoder = new BatchEncoder();
  for (const line of lines)
    expect(encoder.add(Buffer.from(line), 0, Buffer.byteLength(line))).toBeUndefined();
  const { bytes, ends } = encoder.take();
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
};

/** The labels of an encoded alert by protobuf-es, as falco-exporter makes them. */
function expectedOf(bytes: Uint8Array): string {
  const { rule, priority, hostname, source, outputFields, tags } = fromBinary(OutputsResponseSchema, bytes);
  return JSON.stringify([
    rule,
    String(priority),
    hostname,
    source,
    outputFields["k8s.ns.name"] ?? "",
    outputFields["k8s.pod.name"] ?? "",
    `,${tags.join(",")},`,
  ]);
}

function counted(alerts: readonly Uint8Array[], times = 1) {
  const series = new EventSeries({ onOverflow: () => undefined });
  let at = 0;
  const ends = alerts.map((alert) => (at += alert.length));
  for (let index = 0; index < times; index++) series.count(Buffer.concat(alerts), ends);
  return new Map(series.all.map(({ labels, value }) => [JSON.stringify(Object.values(labels)), value]));
}

const real = encode(...fixtureLines("alerts.jsonl"), ...fixtureLines("alerts.txt").slice(0, 1));
const [first, second] = real as [Uint8Array, Uint8Array];
const message = fromBinary(OutputsResponseSchema, first);
const entry = (...bytes: number[]) => Uint8Array.from([0x32, bytes.length, ...bytes]);
const text = (value: string) => [value.length, ...Buffer.from(value)];
const pod = "k8s.pod.name";

it.each<[string, Uint8Array[]]>([
  ["as Falco's JSON is encoded", real],
  [
    "in protobuf's order",
    real.map((bytes) => toBinary(OutputsResponseSchema, fromBinary(OutputsResponseSchema, bytes))),
  ],
  [
    "with fields twice, of which the last counts",
    [Buffer.concat([first, second]), Buffer.concat([second, first])],
  ],
  [
    "without anything",
    [new Uint8Array(0), toBinary(OutputsResponseSchema, create(OutputsResponseSchema, { rule: "r" }))],
  ],
  [
    "with an output field's value before its name",
    [Buffer.concat([second, entry(0x12, ...text("v"), 0x0a, ...text(pod))])],
  ],
  ["with an output field without a value", [Buffer.concat([first, entry(0x0a, ...text(pod))])]],
  ["with an output field without a name", [Buffer.concat([first, entry(), entry(0x12, ...text("v"))])]],
  ["with unknown fields", [Buffer.concat([first, Uint8Array.from([0xa2, 0x06, 1, 7, 0x78, 1])])]],
  [
    "with a priority of five bytes",
    [Buffer.concat([first, Uint8Array.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x07])])],
  ],
  [
    "with long names, and fields like those that count",
    [100, 127, 128, 200].flatMap((length) =>
      ["k8s.pod.name", "k8s.ns.name", "k8s.pod.namf", "proc.cmdline"].map((name) =>
        toBinary(OutputsResponseSchema, {
          ...message,
          outputFields: { "proc.name": "x".repeat(20_000), [name]: "p".repeat(length), "user.name": "u" },
        }),
      ),
    ),
  ],
  [
    "with labels that differ in a byte, or in where one ends",
    [
      { rule: "ab", hostname: "c" },
      { rule: "a", hostname: "bc" },
      { rule: "ab", hostname: "d" },
      { rule: "ab", tags: ["c"] },
      { rule: "ab", tags: ["c", ""] },
      { rule: "abcdefgh1", tags: ["c,"] },
      { rule: "abcdefgh2", tags: ["c,"] },
    ].map((parts) => toBinary(OutputsResponseSchema, create(OutputsResponseSchema, parts))),
  ],
])("counts alerts by their labels: %s", (_, alerts) => {
  const expected = new Map<string, number>();
  for (const labels of alerts.map(expectedOf)) expected.set(labels, (expected.get(labels) ?? 0) + 3);
  expect(counted(alerts, 3)).toEqual(expected);
});

it("counts with the rest what has too long labels, or comes when there are enough, and tells once", () => {
  const onOverflow = vi.fn();
  const series = new EventSeries({ labels: ["rule", "tags"], maxSeries: 2, onOverflow });
  const rules = ["a", "b", "a", "c", "d", "c", "x".repeat(3_000)];
  for (const rule of rules) {
    const [alert] = encode(JSON.stringify({ rule, priority: "Notice", output: "o" }));
    series.count(alert!, [alert!.length]);
  }
  const tags = Array.from({ length: 10_000 }, () => "");
  const [tagged] = encode(JSON.stringify({ rule: "a", priority: "Notice", output: "o", tags }));
  series.count(tagged!, [tagged!.length]);
  expect(series.all).toEqual([
    { labels: { rule: "a", tags: ",," }, value: 2 },
    { labels: { rule: "b", tags: ",," }, value: 1 },
    { labels: { rule: "(others)", tags: "(others)" }, value: 5 },
  ]);
  expect(onOverflow.mock.calls).toEqual([[2]]);
});

it("knows Falco's metrics snapshots, however many other series there are", () => {
  const series = new EventSeries({ maxSeries: 1, onOverflow: () => undefined });
  const snapshot = {
    rule: "Falco internal: metrics snapshot",
    priority: "Informational",
    source: "internal",
    output: "o",
  };
  const lines = [
    { ...snapshot, rule: "a" },
    snapshot,
    { ...snapshot, source: "syscall" },
    { ...snapshot, hostname: "h" },
  ];
  for (const alert of encode(...lines.map((line) => JSON.stringify(line))))
    series.count(alert, [alert.length]);
  expect(series.snapshots).toBe(2);
});
