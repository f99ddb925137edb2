import { createServer } from "node:http";
import { playRole } from "../../process/role.js";
import { bind } from "../listen.js";
import type { HttpRole } from "../roles.js";

/** What node:http alone costs: a body is read, and answered. */
class BareHttp implements HttpRole {
  async listenHttp(): Promise<number> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        Buffer.concat(chunks);
        response.writeHead(200, { "content-length": 0 }).end();
      });
    });
    return bind(server, { host: "127.0.0.1", port: 0 });
  }
}

playRole(new BareHttp());
