import type { EventEmitter } from "node:events";
import { vi } from "vitest";
import { run } from "../main.js";

/** What a command listens to until its process ends. */
const emitters: readonly (readonly [EventEmitter, string])[] = [
  ...["SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP"].map((signal) => [process, signal] as const),
  [process.stdout, "error"],
];

/** What a command said and how it ended. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command to its end in this process, which spares its start: for what is not about the process. One at a time. */
export async function ran(...args: string[]): Promise<Ended> {
  const said = { out: "", err: "" };
  const capture = (stream: NodeJS.WriteStream, to: keyof typeof said) =>
    vi.spyOn(stream, "write").mockImplementation((text: unknown, ...rest: unknown[]) => {
      said[to] += text;
      const written = rest.at(-1);
      if (typeof written === "function") written();
      return true;
    });
  const captured = [capture(process.stdout, "out"), capture(process.stderr, "err")];
  const listeners = emitters.map(([emitter, event]) => emitter.listeners(event));
  try {
    return { status: await run(args), ...said };
  } finally {
    for (const spy of captured) spy.mockRestore();
    for (const [index, [emitter, event]] of emitters.entries()) {
      for (const listener of emitter.listeners(event)) {
        if (!listeners[index]!.includes(listener)) emitter.off(event, listener as () => void);
      }
    }
  }
}
