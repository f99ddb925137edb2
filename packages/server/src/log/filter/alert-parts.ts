import { alertField, FieldWalk, int32At } from "@falco-outputs/core/codec";

/** More memory than for so many pieces is released after an alert. */
const maxKept = 4_096;

/** A piece of some bytes. */
export class Place {
  start = 0;
  end = 0;

  set(start: number, end: number): void {
    this.start = start;
    this.end = end;
  }
}

/** Pieces of some bytes, in their order. */
export class Places {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  count = 0;

  startOf(index: number): number {
    return this.#starts[index]!;
  }

  endOf(index: number): number {
    return this.#ends[index]!;
  }

  add(start: number, end: number): void {
    this.#starts[this.count] = start;
    this.#ends[this.count] = end;
    this.count++;
  }

  clear(): void {
    this.count = 0;
    if (this.#starts.length > maxKept) this.#starts.length = this.#ends.length = 0;
  }
}

const walk = new FieldWalk();

/**
 * Where the parts of an encoded alert are that a filter may ask for. Its fields come in any order; of those that are one
 * value the last counts, as in every decoder.
 */
export class AlertParts {
  bytes: Uint8Array = new Uint8Array(0);
  /** 0 (Emergency) if it is absent; in alerts that came encoded, any 32-bit integer. */
  priority = 0;
  /** Empty where they are absent. */
  readonly rule = new Place();
  readonly source = new Place();
  readonly hostname = new Place();
  readonly tags = new Places();
  /** Entries of the map, each with its name and its value. */
  readonly outputFields = new Places();

  /** Finds the parts of the alert that is `bytes` from `start` to `end`. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.priority = 0;
    this.rule.set(0, 0);
    this.source.set(0, 0);
    this.hostname.set(0, 0);
    this.tags.clear();
    this.outputFields.clear();
    walk.open(bytes, start, end);
    while (walk.next()) {
      switch (walk.field) {
        case alertField.priority:
          this.priority = int32At(bytes, walk.start);
          break;
        case alertField.rule:
          this.rule.set(walk.start, walk.end);
          break;
        case alertField.source:
          this.source.set(walk.start, walk.end);
          break;
        case alertField.hostname:
          this.hostname.set(walk.start, walk.end);
          break;
        case alertField.tags:
          this.tags.add(walk.start, walk.end);
          break;
        case alertField.outputFields:
          this.outputFields.add(walk.start, walk.end);
          break;
      }
    }
  }
}
