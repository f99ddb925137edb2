import type { Transport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { type Client, type ClientOptions, createClient } from "../client.js";
import { Code, FalcoError } from "../error.js";
import { OptionError } from "../option-error.js";

// No call is ever made: options are judged before.
const client: Client = createClient({ transport: {} as Transport });

/** What JavaScript may pass, whatever the types say. */
const sub = (options: object) => client.sub(options as never);
const get = (options: object) => client.get(options as never);

describe("options that make sense together", () => {
  it.each([
    {},
    { acknowledge: true },
    { acknowledge: "manual" },
    { filterLocally: true, tags: ["network"], acknowledge: true },
    { group: "pager" },
    { group: "pager", after: 0n, minPriority: "warning", acknowledge: true },
    { broadcast: true, after: 5n, rules: ["r"], sources: ["syscall"], hostnames: ["node-1"] },
    {
      broadcast: true,
      allow: [{ rules: ["a*"] }, { fields: { "proc.name": ["bash", "\\*"] } }],
      deny: [{ tags: ["t"] }],
    },
    { broadcast: true, fields: { "k8s.ns.name": "shop", "fd.name": [] }, deny: [{ minPriority: 7 }] },
    { broadcast: true, since: new Date(0), after: 5n },
    { broadcast: true, since: -62_135_596_800_000_000_000n },
    { group: "pager", tags: [], fields: {}, allow: [], deny: [] },
    { filterLocally: true, allow: [{ rules: ["a"] }], deny: [{ rules: ["b"] }] },
    { reconnect: false, pollIntervalMs: 50, onStatus: () => undefined },
    { reconnect: { maxAttempts: 3 }, signal: new AbortController().signal, timeoutMs: 10, headers: {} },
    { reconnect: { maxAttempts: Number.POSITIVE_INFINITY, maxDelayMs: 2 ** 31 - 1 }, timeoutMs: 99_999_999 },
    { reconnect: { maxAttempts: 0 } },
    { broadcast: true, after: 2n ** 64n - 1n },
  ])("sub takes %o", (options) => {
    expect(sub(options)).toHaveProperty("acknowledge");
  });

  it.each([
    {},
    { follow: true },
    { broadcast: true, follow: true, tags: ["a"], since: 0n },
    { broadcast: true, since: new Date(0), until: new Date(1) },
    { broadcast: true, until: 253_402_300_799_999_999_999n },
    { group: "g", after: 0n },
  ])("get takes %o", (options) => {
    expect(get(options)).toBeDefined();
  });
});

describe("options that make none are refused before any call, by the names that the caller typed", () => {
  it.each([
    [
      { group: "pager", broadcast: true },
      "group, broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all",
    ],
    [
      { minPriority: "warning", tags: ["a"] },
      "minPriority, tags: the shared queue has no filter, for what does not match would be lost to the others: name a group, ask for a broadcast, or filter locally",
    ],
    [
      { after: 1n },
      "after: the shared queue goes on with what nobody took: name a group, or ask for a broadcast",
    ],
    [
      { broadcast: true, acknowledge: true },
      "acknowledge: a broadcast shares with nobody to whom its alerts could go instead",
    ],
    [{ allow: [{ rules: ["a"] }], deny: [{ rules: ["b"] }] }, "allow, deny: the shared queue has no filter"],
    [
      { broadcast: true, minPriority: "warning", tags: ["a"], allow: [{ rules: ["a"] }] },
      'minPriority: "warning", expected it in a filter of allow, which is given as well',
    ],
    [
      { broadcast: true, allow: [{ tags: ["a"] }, {}] },
      "allow[1]: an empty filter, which every alert would match",
    ],
    [
      { filterLocally: true, deny: [{ rules: [] }] },
      "deny[0]: an empty filter, which every alert would match",
    ],
    [{ broadcast: true, minPriority: 8 }, "minPriority: 8, expected 0 (Emergency) to 7 (Debug)"],
    [{ filterLocally: true, minPriority: -1 }, "minPriority: -1, expected 0 (Emergency) to 7 (Debug)"],
    [
      { group: "g", deny: [{ minPriority: 8 }] },
      "deny[0].minPriority: 8, expected 0 (Emergency) to 7 (Debug)",
    ],
    [
      { group: "g", deny: [{ minPriority: "loud" }] },
      'deny[0].minPriority: "loud", expected one of Emergency',
    ],
    [{ broadcast: true, fields: { "": "x" } }, 'fields[""]: empty, expected the name of an output field'],
    [
      { broadcast: true, allow: [{ rules: ["a"] }, { fields: { a: [], "": [] } }] },
      'allow[1].fields[""]: empty, expected the name of an output field',
    ],
    [
      { broadcast: true, rules: Array(1001).fill("r"), deny: [{ tags: ["t"] }] },
      "rules, deny: 1002 values, expected at most 1000",
    ],
    [
      { broadcast: true, allow: Array(101).fill({ rules: ["r"] }) },
      "allow: 101 filters, expected at most 100",
    ],
    [
      { broadcast: true, fields: { a: ["é".repeat(32_768)] } },
      "fields: values of 65537 bytes, expected at most 65536",
    ],
    [{ broadcast: true, tags: "network" }, 'tags: "network", expected a list of texts'],
    [{ broadcast: true, deny: [{ rules: [1] }] }, "deny[0].rules: a list, expected a list of texts"],
    [{ broadcast: true, fields: { a: 5 } }, 'fields["a"]: a list, expected a list of texts'],
    [{ broadcast: true, fields: ["a"] }, "fields: a list, expected values by the name of their field"],
    [{ broadcast: true, allow: { rules: ["a"] } }, "allow: an object, expected a list of filters"],
    [{ broadcast: true, deny: [null] }, "deny[0]: null, expected a filter"],
    [{ group: "pager", since: 0n }, "since: only a broadcast can start at a time: a group keeps its place"],
    [
      { broadcast: true, until: 0n },
      "until: only a get of a broadcast that does not follow can end at a time",
    ],
    ...[new Date(Number.NaN), -62_135_596_800_000_000_001n, 253_402_300_800_000_000_000n, 0, "now", null].map(
      (since): [object, string] => [
        { broadcast: true, since },
        `since: ${typeof since === "string" ? '"now"' : typeof since === "bigint" ? `${since}n` : since}, expected a Date, or nanoseconds since 1970 as a bigint, in the years 1 to 9999`,
      ],
    ),
    [{ follow: true }, "follow: sub follows anyway, it is for get"],
    [{ group: "x".repeat(257) }, "group: a name of 257 characters, expected at most 256"],
    [{ group: "" }, 'group: "", expected a name'],
    [
      { group: "pager", filterLocally: true },
      "filterLocally: true, expected false with group and broadcast, which the server filters",
    ],
    [{ broadcast: true, minPriority: "loud" }, 'minPriority: "loud", expected one of Emergency'],
    [{ broadcast: true, after: 5 }, "after: 5, expected a sequence number as a bigint"],
    [{ broadcast: true, after: -1n }, "after: -1n, expected a sequence number as a bigint"],
    [{ reconnect: true }, "reconnect: true, expected an object with options, or false"],
    [
      { reconnect: { waitOnFirstConnect: "no" } },
      'reconnect.waitOnFirstConnect: "no", expected true or false',
    ],
    [{ headers: { "not a name": "x" } }, "headers: expected names and values that HTTP allows"],
  ])("sub: %o", (options, message) => {
    expect(() => sub(options)).toThrow(FalcoError);
    expect(() => sub(options)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [{ acknowledge: true }, "acknowledge: get takes no acknowledgements, use sub"],
    [
      { broadcast: true, follow: true, until: 0n },
      "until: only a get of a broadcast that does not follow can end at a time",
    ],
    [{ until: new Date(0) }, "until: only a get of a broadcast that does not follow can end at a time"],
    [{ broadcast: true, since: 5n, until: 5n }, "until: it is not later than since"],
    [{ broadcast: true, until: new Date(8.64e15) }, /^until: .* 275760 .*, expected a Date, or nanoseconds/],
  ])("get: %o", (options, message) => {
    expect(() => get(options)).toThrow(message);
    expect(() => get(options)).toThrow(FalcoError);
  });
});

describe.each<[string, (time: number | undefined) => unknown]>([
  ["timeoutMs", (timeoutMs) => sub({ timeoutMs })],
  ["timeoutMs", (timeoutMs) => get({ timeoutMs })],
  ["pollIntervalMs", (pollIntervalMs) => sub({ pollIntervalMs })],
  ["drainTimeoutMs", (drainTimeoutMs) => sub({ acknowledge: "manual", drainTimeoutMs })],
  ["reconnect.initialDelayMs", (initialDelayMs) => sub({ reconnect: { initialDelayMs } })],
  ["reconnect.maxDelayMs", (maxDelayMs) => get({ follow: true, reconnect: { maxDelayMs } })],
  [
    "connectTimeoutMs",
    (connectTimeoutMs) => createClient({ transport: {}, connectTimeoutMs } as ClientOptions),
  ],
])("%s", (option, use) => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "5", null])("%o is refused", (time) => {
    expect(() => use(time as number)).toThrow(OptionError);
    expect(() => use(time as number)).toThrow(
      `${option}: ${typeof time === "string" ? JSON.stringify(time) : time}, expected a time in milliseconds, more than 0 and at most `,
    );
  });

  it("undefined is the default", () => {
    expect(() => use(undefined)).not.toThrow();
  });
});

it("version: a time that no timer takes is refused", async () => {
  await expect(client.version({ timeoutMs: 2 ** 31 })).rejects.toThrow(
    "timeoutMs: 2147483648, expected a time",
  );
});

it.each([-1, 1.5, Number.NaN, "3", null])("maxAttempts: %o is refused", (maxAttempts) => {
  expect(() => sub({ reconnect: { maxAttempts } })).toThrow(
    /^reconnect\.maxAttempts: .*, expected a whole number/,
  );
});

it("what makes no sense does not compile either", () => {
  const refused = [
    // @ts-expect-error a group and a broadcast exclude each other
    () => client.sub({ group: "pager", broadcast: true }),
    // @ts-expect-error the shared queue has no filter
    () => client.sub({ tags: ["a"] }),
    // @ts-expect-error nor a place to start from
    () => client.sub({ after: 1n }),
    // @ts-expect-error a broadcast has nobody to give its alerts to
    () => client.sub({ broadcast: true, acknowledge: true }),
    // @ts-expect-error sub follows anyway
    () => client.sub({ follow: true }),
    // @ts-expect-error get takes no acknowledgements
    () => client.get({ acknowledge: true }),
    // @ts-expect-error groups are filtered by the server
    () => client.sub({ group: "pager", filterLocally: true }),
    // @ts-expect-error a group keeps its place
    () => client.sub({ group: "pager", since: 0n }),
    // @ts-expect-error and so does the shared queue
    () => client.get({ since: 0n, until: 1n }),
    // @ts-expect-error a subscription does not end
    () => client.sub({ broadcast: true, until: 1n }),
    // @ts-expect-error nor does a get that follows
    () => client.get({ broadcast: true, until: 1n, follow: true }),
  ];
  for (const call of refused) expect(call).toThrow(FalcoError);
  expect(client.get({ broadcast: true, since: new Date(0), until: 1n, follow: false })).toBeDefined();
  // @ts-expect-error alerts are acknowledged by hand only where that was asked for
  const automatic = client.sub({ group: "pager", acknowledge: true }).acknowledge;
  const byHand = client.sub({ group: "pager", acknowledge: "manual" }).acknowledge;
  expect(automatic).toBeDefined();
  expect(byHand).toBeDefined();
});
