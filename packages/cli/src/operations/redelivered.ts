import type { ServerStats } from "@falco-outputs/server";

/** A total over groups, which stays when a group is forgotten. What a group counted after the last look is lost then. */
export class Redelivered {
  #total = 0;
  #last = new Map<string, number>();

  total(groups: ServerStats["groups"]): number {
    const now = new Map(Object.entries(groups).map(([name, { redelivered }]) => [name, redelivered]));
    for (const [name, count] of now) {
      const before = this.#last.get(name) ?? 0;
      // A group that was forgotten begins again with 0.
      this.#total += count < before ? count : count - before;
    }
    this.#last = now;
    return this.#total;
  }
}
