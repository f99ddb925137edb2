import { setTimeout as delay } from "node:timers/promises";

/** Calls `act` `count` times, `perSecond` times a second; what a timer was late for is caught up with. */
export async function paced(
  perSecond: number,
  count: number,
  act: (index: number) => unknown,
): Promise<void> {
  const startNs = process.hrtime.bigint();
  for (let done = 0; done < count; ) {
    const elapsedS = Number(process.hrtime.bigint() - startNs) / 1e9;
    const due = Math.min(count, Math.floor(elapsedS * perSecond) + 1);
    for (; done < due; done++) await act(done);
    const untilNextMs = (done / perSecond) * 1000 - Number(process.hrtime.bigint() - startNs) / 1e6;
    await delay(Math.max(0, untilNextMs));
  }
}
