import { type Commands, Player, type PlayerOptions } from "./player.js";

/** The processes of a scene: they end with it, however it ends. */
export class Cast {
  readonly #players: AsyncDisposable[] = [];

  /** Starts a process with a role, see `Player`. */
  start<Role extends Commands<Role>>(module: string, options?: PlayerOptions): Player<Role> {
    const player = new Player<Role>(module, options);
    this.#players.push(player);
    return player;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#players.map((player) => player[Symbol.asyncDispose]()));
  }
}
