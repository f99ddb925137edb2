import { textPrefix } from "@falco-outputs/core/codec";

/**
 * An output with the time before it in the form that is wanted, if it has one in the other form and the alert's time is
 * known.
 * @param time The alert's time, in RFC 3339 with nine fraction digits and a Z, as Falco writes it.
 * @param iso `2026-06-02T09:14:07.123456789+0000`, else `09:14:07.123456789`, in local time.
 */
export function withTimeFormat(output: string, time: string | undefined, iso: boolean): string {
  const groups = textPrefix.exec(output)?.groups;
  const now = iso ? groups?.clock : groups?.iso;
  if (now === undefined || time === undefined) return output;
  return formatTimePrefix(time, iso) + output.slice(now.length);
}

/** An alert's time as Falco writes it before an output. Parameters as in `withTimeFormat`. */
export function formatTimePrefix(time: string, iso: boolean): string {
  if (iso) return time.replace(/Z$/, "+0000");
  const date = new Date(time);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, "0"),
  );
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? "";
  return `${hours}:${minutes}:${seconds}.${fraction.padEnd(9, "0")}`;
}
