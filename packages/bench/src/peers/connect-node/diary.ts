import * as net from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { OutputsService } from "@falco-outputs/core/contract";
import { playRole } from "../../process/role.js";
import { type DiaryRole, keepDiary } from "../diary.js";
import type { Target, Wanted } from "../roles.js";

class ConnectNodeDiary implements DiaryRole {
  #path = "";

  connect(target: Target): void {
    if (!("path" in target)) throw new Error("this diary knows unix sockets only");
    this.#path = target.path;
  }

  keep({ group = "" }: Wanted, file: string): Promise<void> {
    const nodeOptions = { createConnection: () => net.connect(this.#path) };
    const transport = createGrpcTransport({ baseUrl: "http://localhost", nodeOptions });
    return keepDiary(createClient(OutputsService, transport).get({ group }), file);
  }
}

playRole(new ConnectNodeDiary());
