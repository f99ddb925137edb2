import type { Usage } from "../process/role.js";

interface Measurable {
  usage(): Promise<Usage>;
}

/** Does something, and returns how much CPU each of the processes took for it, in microseconds. */
export async function cpuTimeOf<Result>(
  processes: readonly Measurable[],
  act: () => Promise<Result>,
): Promise<{ result: Result; cpuUs: number[] }> {
  const before = await Promise.all(processes.map((one) => one.usage()));
  const result = await act();
  const after = await Promise.all(processes.map((one) => one.usage()));
  return { result, cpuUs: after.map(({ cpuUs }, index) => cpuUs - before[index]!.cpuUs) };
}
