import { alertField, entryField, FieldWalk, int32At } from "@falco-outputs/core/codec";

/** falco-exporter's labels. */
export const eventLabels = [
  "rule",
  "priority",
  "hostname",
  "source",
  "k8s_ns_name",
  "k8s_pod_name",
  "tags",
] as const;
export type EventLabel = (typeof eventLabels)[number];
type Labels = Partial<Record<EventLabel, string>>;

/** The output fields that are labels. */
const fieldLabels: Readonly<Record<string, EventLabel>> = {
  "k8s.ns.name": "k8s_ns_name",
  "k8s.pod.name": "k8s_pod_name",
};
const longestName = Math.max(...Object.keys(fieldLabels).map((name) => name.length));
const walk = new FieldWalk();
const entryWalk = new FieldWalk();

/**
 * The labels of the encoded alert that is `bytes` from `start` to `end`, as falco-exporter has them; undefined if they are more
 * than `maxBytes`. Of a field that is one value the last counts, as in every decoder.
 */
export function labelsOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: readonly EventLabel[],
  maxBytes: number,
): Labels | undefined {
  const found: Required<Labels> = {
    rule: "",
    priority: "0",
    hostname: "",
    source: "",
    k8s_ns_name: "",
    k8s_pod_name: "",
    tags: ",,",
  };
  const tags: string[] = [];
  let room = maxBytes;
  const text = (from: number, to: number) => {
    // One more for what separates tags, of which an alert may have very many.
    room -= to - from + 1;
    return room < 0 ? "" : textOf(bytes, from, to);
  };
  walk.open(bytes, start, end);
  while (room >= 0 && walk.next()) {
    switch (walk.field) {
      case alertField.priority:
        found.priority = String(int32At(bytes, walk.start));
        break;
      case alertField.rule:
        found.rule = text(walk.start, walk.end);
        break;
      case alertField.hostname:
        found.hostname = text(walk.start, walk.end);
        break;
      case alertField.source:
        found.source = text(walk.start, walk.end);
        break;
      case alertField.tags:
        tags.push(text(walk.start, walk.end));
        break;
      case alertField.outputFields: {
        const entry = entryOf(bytes, walk.start, walk.end);
        if (entry !== undefined) found[entry.label] = text(entry.start, entry.end);
        break;
      }
    }
  }
  if (room < 0) return undefined;
  found.tags = `,${tags.join(",")},`;
  return Object.fromEntries(wanted.map((label) => [label, found[label]]));
}

/** Where the value of an output field is that is a label; undefined for another one. */
function entryOf(bytes: Uint8Array, start: number, end: number) {
  let name = "";
  const value = { start: 0, end: 0 };
  entryWalk.open(bytes, start, end);
  while (entryWalk.next()) {
    if (entryWalk.field === entryField.value) {
      value.start = entryWalk.start;
      value.end = entryWalk.end;
    } else if (entryWalk.field === entryField.key) {
      const isShort = entryWalk.end - entryWalk.start <= longestName;
      name = isShort ? textOf(bytes, entryWalk.start, entryWalk.end) : "";
    }
  }
  const label = Object.hasOwn(fieldLabels, name) ? fieldLabels[name] : undefined;
  return label && { label, ...value };
}

function textOf({ buffer, byteOffset }: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start, end - start).toString();
}
