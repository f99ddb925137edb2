import { randomInt } from "node:crypto";
import { alertTag, continued, entryTag, wireType } from "@falco-outputs/core/codec";

const { delimited } = wireType;
/** Falco's JSON makes two of them, another server's alerts three. */
const maxRuns = 4;
const namespaceName = Buffer.from("k8s.ns.name");
const podName = Buffer.from("k8s.pod.name");
/** An output field of at most 127 bytes that begins with its name, as the first three of four bytes. */
const usualEntry = alertTag.outputFields | (entryTag.key << 16);
const usualEntryMask = 0xff80ff;

/**
 * The bytes of an encoded alert that decide about its labels, as a hash of 64 bits: alerts that have the same one have the
 * same labels. (That two of 10,000 others meet by chance happens once in 10^11 servers, and nobody can aim at it without the
 * seed.) Reading labels as text would cost ten times as much.
 *
 * The bytes are runs of fields with nothing in between, and two values. Alerts with other bytes may have the same labels.
 */
export class LabelBytes {
  /** The hash of what was found, in two halves. */
  low = 0;
  high = 0;
  readonly #seed = randomInt(2 ** 32) | 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Where pieces begin and end: the two values, then the runs. */
  readonly #starts = new Int32Array(2 + maxRuns);
  readonly #ends = new Int32Array(2 + maxRuns);

  /** The bytes that alerts are of from now on. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Finds and hashes those of the alert from `start` to `end`. False for what Falco does not write. */
  read(start: number, end: number): boolean {
    const pieces = this.#find(start, end);
    if (pieces === 0) return false;
    this.#hash(pieces);
    return true;
  }

  /** How many pieces there are; 0 for what Falco does not write. */
  #find(start: number, end: number): number {
    const view = this.#view;
    const starts = this.#starts;
    const ends = this.#ends;
    starts[0] = ends[0] = starts[1] = ends[1] = 0;
    let pieces = 2;
    let runEnd = -1;
    let at = start;
    while (at + 4 <= end) {
      // A tag and a length; of an entry, also the tag and the length of its name.
      const head = view.getInt32(at, true);
      if ((head & usualEntryMask) === usualEntry) {
        const next = at + 2 + ((head >>> 8) & 0x7f);
        const nameBytes = head >>> 24;
        if (nameBytes === namespaceName.length || nameBytes === podName.length) {
          const piece = nameBytes - namespaceName.length;
          if (!this.#readEntry(piece, at + 4, next)) return 0;
        }
        at = next;
        continue;
      }
      const field = at;
      const tag = head & 0xff;
      if (tag === alertTag.priority || tag === alertTag.sourceDeprecated) {
        if ((head & 0x8000) !== 0) return 0;
        at += 2;
      } else {
        at = this.#endOf(at);
        if (at === -1) return 0;
        if (tag === alertTag.output || tag === alertTag.time) continue;
        if (tag === alertTag.outputFields) {
          // A long one. The values of labels are short.
          if (head >>> 23 !== entryTag.key << 1) return 0;
          if (isAt(namespaceName, this.#bytes, field + 5) || isAt(podName, this.#bytes, field + 5)) return 0;
          continue;
        }
        if (!isLabel(tag)) return 0;
      }
      if (field === runEnd) {
        ends[pieces - 1] = at;
      } else {
        if (pieces === starts.length) return 0;
        starts[pieces] = field;
        ends[pieces++] = at;
      }
      runEnd = at;
    }
    return at === end ? pieces : 0;
  }

  /** Where the length-delimited field ends that begins at `start`; -1 if it has more than 2 MiB, or another type. */
  #endOf(start: number): number {
    const bytes = this.#bytes;
    if ((bytes[start]! & 7) !== delimited) return -1;
    let at = start + 2;
    let length = bytes[start + 1]!;
    if (length < continued) return at + length;
    const high = bytes[at++]!;
    length = (length & 0x7f) | ((high & 0x7f) << 7);
    if (high < continued) return at + length;
    const highest = bytes[at++]!;
    return highest < continued ? at + length + (highest << 14) : -1;
  }

  /** Takes the value of an entry, if its name is that of a label. False if the value has an unusual form. */
  #readEntry(piece: number, name: number, next: number): boolean {
    const bytes = this.#bytes;
    const text = piece === 0 ? namespaceName : podName;
    if (!isAt(text, bytes, name)) return true;
    const value = name + text.length;
    if (bytes[value] !== entryTag.value || value + 2 + bytes[value + 1]! !== next) return false;
    this.#starts[piece] = value + 2;
    this.#ends[piece] = next;
    return true;
  }

  #hash(pieces: number): void {
    const view = this.#view;
    let low = this.#seed;
    let high = pieces;
    for (let piece = 0; piece < pieces; piece++) {
      let at = this.#starts[piece]!;
      const end = this.#ends[piece]!;
      low ^= end - at;
      // Both halves at once, each from what both were: two short chains instead of a long one.
      for (; at + 8 <= end; at += 8) {
        const mixed = Math.imul(low ^ (high >>> 15) ^ view.getInt32(at, true), 0x9e3779b1);
        high = Math.imul(high ^ (low >>> 13) ^ view.getInt32(at + 4, true), 0x85ebca77);
        low = mixed;
      }
      let rest = 0;
      if (at + 4 <= end) {
        rest = view.getInt32(at, true);
        at += 4;
      }
      let last = 0;
      for (; at < end; at++) last = (last << 8) | view.getUint8(at);
      const mixed = Math.imul(low ^ (high >>> 15) ^ rest, 0x9e3779b1);
      high = Math.imul(high ^ (low >>> 13) ^ last, 0x85ebca77);
      low = mixed;
    }
    this.low = low ^ (high >>> 16);
    this.high = high;
  }
}

function isLabel(tag: number): boolean {
  return (
    tag === alertTag.rule || tag === alertTag.hostname || tag === alertTag.tags || tag === alertTag.source
  );
}

function isAt(text: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text[index]) return false;
  }
  return true;
}
