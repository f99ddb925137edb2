import { type Client, createClient } from "@falco-outputs/node";
import { playRole } from "../../process/role.js";
import { type DiaryRole, keepDiary } from "../diary.js";
import type { Target, Wanted } from "../roles.js";
import { streamFor } from "./stream-for.js";

class FalcoOutputsDiary implements DiaryRole {
  #client!: Client;

  connect(target: Target): void {
    if (!("path" in target)) throw new Error("this diary knows unix sockets only");
    this.#client = createClient({ address: target.path });
  }

  keep(wanted: Wanted, file: string): Promise<void> {
    return keepDiary(streamFor(this.#client, wanted), file);
  }
}

playRole(new FalcoOutputsDiary());
