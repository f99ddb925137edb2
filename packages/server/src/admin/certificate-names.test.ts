import type { PeerCertificate } from "node:tls";
import { expect, it } from "vitest";
import { namesIn } from "./certificate-names.js";

const subject = { CN: "operator" } as PeerCertificate["subject"];

it.each([
  ["DNS:a.example, DNS:b.example", ["a.example", "b.example"]],
  [
    "URI:spiffe://cluster/ns/ops, email:ops@example, IP Address:::1",
    ["spiffe://cluster/ns/ops", "ops@example"],
  ],
  // Node quotes what has special characters: it is one name, not two.
  ['DNS:"a.example, DNS:b.example"', ["a.example, DNS:b.example"]],
  [String.raw`DNS:"a\"b", DNS:c`, ['a"b', "c"]],
  ["IP Address:127.0.0.1", ["operator"]],
  ["othername:<unsupported>", ["operator"]],
  ['DNS:good.example, DNS:"bad', []],
  [undefined, ["operator"]],
])("of %j are %j", (subjectaltname, names) => {
  expect(namesIn({ subject, ...(subjectaltname !== undefined && { subjectaltname }) })).toEqual(names);
});

it("are several where the subject has several, and none without a certificate", () => {
  expect(
    namesIn({ subject: { ...subject, CN: ["a", "b"] } as unknown as PeerCertificate["subject"] }),
  ).toEqual(["a", "b"]);
  expect(namesIn({})).toEqual([]);
});
