import { LabelBytes } from "./label-bytes.js";
import { type EventLabel, eventLabels, labelsOf } from "./labels.js";

/** One series of `falco_events`, as prom-client takes it. */
export interface Series {
  readonly labels: Partial<Record<EventLabel, string>>;
  value: number;
}

export interface EventSeriesOptions {
  /** Default: all of them. */
  readonly labels?: readonly EventLabel[] | undefined;
  /** How many there are at most, without the one for the rest. Default: 10,000. */
  readonly maxSeries?: number;
  /** Called once, when there are so many that another one is counted with the rest. */
  readonly onOverflow: (maxSeries: number) => void;
}

/** What each label of the series for the rest is. */
export const others = "(others)";
/** Whoever writes alerts chooses how long their labels are: with more bytes, an alert is counted with the rest. */
const maxLabelBytes = 2_048;
/** Falco's own report, every `metrics.interval`: alerts with other labels do not keep it from being counted apart. */
const snapshot = { rule: "Falco internal: metrics snapshot", source: "internal" } as const;
/** How many series such reports may have beyond the others. */
const maxSnapshotSeries = 100;
/** How many places an alert may have in the table. */
const probes = 4;
/** What the table has of an alert: both halves of its hash, its series' number plus 1 (0 for a free place), and its count. */
const fields = 4;

/** Counts alerts by falco-exporter's labels. */
export class EventSeries {
  readonly #labels: readonly EventLabel[];
  readonly #maxSeries: number;
  readonly #onOverflow: (maxSeries: number) => void;
  readonly #series: Series[] = [];
  /** The numbers of series, by their labels as JSON. */
  readonly #numbers = new Map<string, number>();
  #rest: number | undefined;
  readonly #alert = new LabelBytes();
  /** Counts that are not yet in their series, by the hashes of alerts: so that an alert costs one look at the memory. */
  readonly #table: Int32Array;
  readonly #mask: number;

  constructor({ labels = eventLabels, maxSeries = 10_000, onOverflow }: EventSeriesOptions) {
    this.#labels = eventLabels.filter((label) => labels.includes(label));
    this.#maxSeries = maxSeries;
    this.#onOverflow = onOverflow;
    const places = 2 ** Math.ceil(Math.log2(2 * maxSeries));
    this.#table = new Int32Array(fields * places);
    this.#mask = places - 1;
  }

  /** All series so far. */
  get all(): readonly Series[] {
    for (let at = 0; at < this.#table.length; at += fields) this.#moveCount(at);
    return this.#series;
  }

  /** How many of Falco's metrics snapshots were counted. */
  get snapshots(): number {
    return this.all.reduce((total, { labels, value }) => (isSnapshot(labels) ? total + value : total), 0);
  }

  /** Counts alerts that stand end to end, see `AlertBatch`. */
  count(bytes: Uint8Array, ends: readonly number[]): void {
    this.#alert.open(bytes);
    let start = 0;
    for (let index = 0; index < ends.length; index++) {
      const end = ends[index]!;
      if (!this.#alert.read(start, end)) this.#series[this.#numberOf(bytes, start, end)]!.value++;
      else if (!this.#countKnown()) this.#countNew(bytes, start, end);
      start = end;
    }
  }

  #countKnown(): boolean {
    const table = this.#table;
    const { low, high } = this.#alert;
    for (let probe = 0; probe < probes; probe++) {
      const at = ((low + probe) & this.#mask) * fields;
      if (table[at] !== low || table[at + 1] !== high || table[at + 2] === 0) continue;
      table[at + 3]!++;
      // It would wrap around.
      if (table[at + 3] === 0x7fff_ffff) this.#moveCount(at);
      return true;
    }
    return false;
  }

  /** In the first free place, or else that of another one. */
  #countNew(bytes: Uint8Array, start: number, end: number): void {
    const { low, high } = this.#alert;
    const number = this.#numberOf(bytes, start, end);
    let at = (low & this.#mask) * fields;
    for (let probe = 0; probe < probes; probe++) {
      const place = ((low + probe) & this.#mask) * fields;
      if (this.#table[place + 2] !== 0) continue;
      at = place;
      break;
    }
    this.#moveCount(at);
    this.#table.set([low, high, number + 1, 1], at);
  }

  #moveCount(at: number): void {
    const number = this.#table[at + 2]!;
    if (number === 0) return;
    this.#series[number - 1]!.value += this.#table[at + 3]!;
    this.#table[at + 3] = 0;
  }

  #numberOf(bytes: Uint8Array, start: number, end: number): number {
    const labels = labelsOf(bytes, start, end, this.#labels, maxLabelBytes);
    if (labels === undefined) return this.#others();
    const key = JSON.stringify(labels);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const most = isSnapshot(labels) ? this.#maxSeries + maxSnapshotSeries : this.#maxSeries;
    if (this.#numbers.size >= most) return this.#others();
    const number = this.#add(labels);
    this.#numbers.set(key, number);
    return number;
  }

  #others(): number {
    if (this.#rest === undefined) {
      this.#rest = this.#add(Object.fromEntries(this.#labels.map((label) => [label, others])));
      this.#onOverflow(this.#maxSeries);
    }
    return this.#rest;
  }

  #add(labels: Series["labels"]): number {
    return this.#series.push({ labels, value: 0 }) - 1;
  }
}

function isSnapshot({ rule, source }: Series["labels"]): boolean {
  return rule === snapshot.rule && source === snapshot.source;
}
