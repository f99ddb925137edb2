import { describe, expect, it } from "vitest";
import type { Slice } from "./alert-log.js";
import type { Holder } from "./alert-store.js";
import { FrameStore } from "./frame-store.js";
import { slabBytes } from "./slab.js";
import { alertsOf, batchOf } from "./testing/alerts.js";

const bounds = { maxAlerts: 1000, maxBytes: 4 * slabBytes, maxPinnedBytes: 10 * slabBytes };
const generous = 64 * 1024 * 1024;
/** Nearly a slab, so that each gets one of its own. */
const large = "x".repeat(900_000);

function storeWith(options: Partial<typeof bounds> = {}) {
  return new FrameStore(1, { ...bounds, ...options });
}

function append(store: FrameStore, count: number): void {
  for (let index = 0; index < count; index++) store.append(batchOf({ output: large }));
}

function frameOf(store: FrameStore, sequence: number): Uint8Array {
  return store.framesAt(sequence).frame(sequence);
}

/** A slice of one frame, which `holder` holds. */
function sliceOf(store: FrameStore, sequence: number, holder: Holder): Slice {
  const frames = store.framesAt(sequence);
  store.hold(frames, holder);
  return frames.slice(sequence, 1, generous);
}

/** Holders that write down, under their number, when they are evicted. */
function holders() {
  const evicted: number[] = [];
  const holder = (number: number): Holder => ({ evicted: () => evicted.push(number) });
  return { evicted, holder };
}

describe("FrameStore", () => {
  it("holds consecutive frames, and gives any of them", () => {
    const store = storeWith();
    store.append(batchOf("a", "b"));
    store.append(batchOf({ rule: "c", output: large }, "d"));
    const { holder } = holders();
    for (const [index, rule] of ["a", "b", "c", "d"].entries()) {
      const frame = frameOf(store, 1 + index);
      expect(alertsOf({ bytes: frame, count: 1 })[0]).toMatchObject({ rule, sequence: BigInt(1 + index) });
      expect(alertsOf(sliceOf(store, 1 + index, holder(index)))[0]!.rule).toBe(rule);
    }
    expect([store.first, store.end]).toEqual([1, 5]);
  });

  it("evicts the oldest alerts by their number, one by one, and by their bytes, a slab at a time", () => {
    const store = storeWith({ maxAlerts: 3 });
    store.append(batchOf("a", "b", "c", "d"));
    expect([store.first, store.end, store.bytes]).toEqual([2, 5, slabBytes]);
    const few = storeWith();
    append(few, 6);
    expect([few.first, few.end, few.bytes]).toEqual([3, 7, 4 * slabBytes]);
    expect([store.pinnedBytes, few.pinnedBytes]).toEqual([0, 0]);
  });

  it("does not count what is held but not evicted", () => {
    const store = storeWith();
    append(store, 4);
    sliceOf(store, 1, holders().holder(0));
    expect(store.pinnedBytes).toBe(0);
  });

  it("counts evicted memory as long as somebody holds it, once however many do", () => {
    const store = storeWith();
    append(store, 4);
    const { holder, evicted } = holders();
    const [one, two, other] = [holder(1), holder(2), holder(3)];
    const slice = sliceOf(store, 1, one);
    sliceOf(store, 1, two);
    sliceOf(store, 2, other);
    append(store, 1);
    expect(store.pinnedBytes).toBe(slabBytes);
    append(store, 1);
    expect(store.pinnedBytes).toBe(2 * slabBytes);
    store.release(one);
    expect(store.pinnedBytes).toBe(2 * slabBytes);
    store.release(two);
    expect(store.pinnedBytes).toBe(slabBytes);
    store.release(two);
    store.release(other);
    expect([store.pinnedBytes, evicted]).toEqual([0, []]);
    expect(alertsOf(slice)[0]!.output).toBe(large);
  });

  it("takes back what was held longest, until the evicted memory is within its bound", () => {
    const store = storeWith({ maxPinnedBytes: 2 * slabBytes });
    append(store, 4);
    const { holder, evicted } = holders();
    const holding = [3, 1, 4, 2].map((sequence) => {
      const one = holder(sequence);
      sliceOf(store, sequence, one);
      return one;
    });
    append(store, 2);
    expect([store.pinnedBytes, evicted]).toEqual([2 * slabBytes, []]);
    append(store, 1);
    expect([store.pinnedBytes, evicted]).toEqual([2 * slabBytes, [3]]);
    append(store, 1);
    expect([store.pinnedBytes, evicted]).toEqual([2 * slabBytes, [3, 1]]);
    // Those who were evicted have nothing to give back any more.
    for (const one of holding) store.release(one);
    expect(store.pinnedBytes).toBe(0);
  });

  it("takes nothing back from those who hold what is retained, however long", () => {
    const store = storeWith({ maxPinnedBytes: 0 });
    append(store, 4);
    const { holder, evicted } = holders();
    sliceOf(store, 4, holder(4));
    sliceOf(store, 1, holder(1));
    append(store, 1);
    expect([store.pinnedBytes, evicted]).toEqual([0, [1]]);
  });

  it("counts a holder again when it took another slice", () => {
    const store = storeWith({ maxPinnedBytes: slabBytes });
    append(store, 4);
    const { holder, evicted } = holders();
    const [moving, staying] = [holder(1), holder(2)];
    sliceOf(store, 1, moving);
    sliceOf(store, 1, staying);
    store.release(moving);
    sliceOf(store, 2, moving);
    append(store, 2);
    expect([store.pinnedBytes, evicted]).toEqual([slabBytes, [2]]);
  });

  it("takes back copies and evicted slabs alike, but not what it has just handed out", () => {
    const store = storeWith({ maxPinnedBytes: slabBytes });
    append(store, 4);
    const { holder, evicted } = holders();
    const copy = (number: number) => store.copy([frameOf(store, 4)], holder(number));
    copy(1);
    sliceOf(store, 1, holder(2));
    append(store, 1);
    expect(evicted).toEqual([1]);
    copy(3);
    expect(evicted).toEqual([1, 2]);
    const small = storeWith({ maxPinnedBytes: 0 });
    small.append(batchOf("a"));
    expect(alertsOf(small.copy([frameOf(small, 1)], holder(4)))[0]!.rule).toBe("a");
    expect([evicted, small.pinnedBytes]).toEqual([[1, 2], frameOf(small, 1).length]);
  });

  it("counts what is still held when it is cleared, and no less than nothing afterwards", () => {
    const store = storeWith();
    append(store, 2);
    const one = holders().holder(1);
    sliceOf(store, 1, one);
    store.clear();
    expect([store.first, store.bytes, store.pinnedBytes]).toEqual([3, 0, slabBytes]);
    store.release(one);
    expect(store.pinnedBytes).toBe(0);
  });
});
