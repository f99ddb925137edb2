import type { Message } from "./message.js";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A message as glibc's syslog(3) writes it to the local socket for Falco: `<13>Jun  2 09:14:07 falco: TEXT`. */
export function formatLocal({ pri, time: { date }, tag, text }: Message): Buffer {
  const day = String(date.getDate()).padStart(2);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  const header = `<${pri}>${months[date.getMonth()]} ${day} ${clock} ${tag}: `;
  return Buffer.concat([Buffer.from(header), text]);
}

/** The same for a stream socket: with a NUL at its end, as glibc has it, and so none within. */
export function formatLocalStream(message: Message): Buffer {
  const bytes = formatLocal(message);
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at)) bytes[at] = 0x20;
  return Buffer.concat([bytes, Buffer.of(0)]);
}
