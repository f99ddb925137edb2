import { type Client, createClient } from "@connectrpc/connect";
import { OutputsService } from "@falco-outputs/core/contract";
import { playRole } from "../../process/role.js";
import { type DiaryRole, keepDiary } from "../diary.js";
import type { Target, Wanted } from "../roles.js";
import { transportFor } from "./transport-for.js";

class ConnectNodeDiary implements DiaryRole {
  #client!: Client<typeof OutputsService>;

  connect(target: Target): void {
    this.#client = createClient(OutputsService, transportFor(target));
  }

  keep({ group = "" }: Wanted, file: string): Promise<void> {
    return keepDiary(this.#client.get({ group }), file);
  }
}

playRole(new ConnectNodeDiary());
