import { hostname } from "node:os";
import type { Message } from "./message.js";

/** HOSTNAME is printable ASCII, at most 255 characters (RFC 5424, 6). */
const host =
  hostname()
    .replace(/[^!-~]/g, "")
    .slice(0, 255) || "-";

/**
 * A message of RFC 5424 in a frame that says its length (RFC 6587, 3.4.1; RFC 5425, 4.3):
 * `LENGTH <13>1 2026-06-02T09:14:07.123456Z HOST falco 42 - - TEXT`.
 */
export function formatRfc5424({ pri, time: { date, micros }, tag, text }: Message): Buffer {
  const time = `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}Z`;
  const header = `<${pri}>1 ${time} ${host} ${tag} ${process.pid} - - `;
  return Buffer.concat([Buffer.from(`${header.length + text.length} ${header}`), text]);
}
