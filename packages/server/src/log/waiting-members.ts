import type { Slice } from "./alert-log.js";
import type { GroupCursor } from "./group-cursor.js";

/** What the members of a group are given from. */
export interface Supply {
  readonly members: number;
  /** Whether there is something that a member could be given. */
  readonly hasMore: boolean;
  /** Whether it is being loaded; `schedule` follows. */
  readonly isLoading: boolean;
  /** @param sharers Among how many members what is there is shared. */
  take(cursor: GroupCursor, sharers: number): Slice | undefined;
}

/** The members of a group that wait for alerts, in the order in which they asked. */
export class WaitingMembers {
  readonly #supply: Supply;
  readonly #waiting = new Set<GroupCursor>();
  #scheduled = false;

  constructor(supply: Supply) {
    this.#supply = supply;
  }

  add(cursor: GroupCursor): void {
    this.#waiting.add(cursor);
    if (this.#supply.hasMore || !cursor.follow) this.schedule();
  }

  delete(cursor: GroupCursor): void {
    this.#waiting.delete(cursor);
  }

  /** They are given nothing more. */
  end(): void {
    for (const cursor of this.#waiting) cursor.settle(undefined);
    this.#waiting.clear();
  }

  /**
   * Gives them what is there, when the current turn has ended: alerts and members that come in one turn are shared out
   * together.
   */
  schedule(): void {
    if (this.#waiting.size > 0) this.#schedule(queueMicrotask);
  }

  #schedule(start: (run: () => void) => void): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    start(() => {
      this.#scheduled = false;
      this.#distribute();
    });
  }

  #distribute(): void {
    const supply = this.#supply;
    // Members that do not ask at the moment are busy writing; their share waits for them.
    let sharers = supply.members;
    for (const cursor of this.#waiting) {
      if (!cursor.hasRoom) continue;
      const slice = supply.hasMore ? supply.take(cursor, sharers) : undefined;
      if (slice === undefined && supply.hasMore) {
        // A filter that has found nothing so far continues once others have had their turn.
        if (!supply.isLoading) this.#schedule(setImmediate);
        return;
      }
      if (slice === undefined && cursor.follow) continue;
      this.#waiting.delete(cursor);
      cursor.settle(slice);
      if (sharers > 1) sharers--;
    }
  }
}
