import { readFileSync } from "node:fs";
import type { TlsFiles } from "./roles.js";

export function readPemFiles({ ca, cert, key }: TlsFiles): { ca: Buffer; cert: Buffer; key: Buffer } {
  return { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
}
