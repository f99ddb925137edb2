import type { Client } from "@falco-outputs/node";
import { playRole } from "../../process/role.js";
import { type DiaryRole, keepDiary } from "../diary.js";
import type { Target, Wanted } from "../roles.js";
import { clientFor } from "./client-for.js";
import { streamFor } from "./stream-for.js";

class FalcoOutputsDiary implements DiaryRole {
  #client!: Client;

  connect(target: Target): void {
    this.#client = clientFor(target);
  }

  keep(wanted: Wanted, file: string): Promise<void> {
    return keepDiary(streamFor(this.#client, wanted), file);
  }
}

playRole(new FalcoOutputsDiary());
