/** Holds alerts in memory, and says what that takes. Its process needs `--expose-gc`. */
export interface RetentionRole {
  /** Loads and compiles what is needed to hold alerts, and then lets go of them. */
  warmUp(count: number): Promise<void>;
  hold(count: number): Promise<Held>;
}

export interface Held {
  /** By how much the process grew, as the operating system sees it. */
  readonly growthBytes: number;
  /** The alerts themselves, encoded. */
  readonly alertBytes: number;
  /** What the holder itself says that it takes, if it does. */
  readonly toldBytes?: number;
}

/** The process's memory once everything that can go is gone. */
export async function settledRssBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("this process was started without --expose-gc");
  for (let times = 0; times < 4; times++) {
    gc();
    // Pages go back to the system a little later.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage.rss();
}
