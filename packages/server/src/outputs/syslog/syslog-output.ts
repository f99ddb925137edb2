import { isLoopback, readAddress } from "@falco-outputs/core/address";
import { OptionError } from "@falco-outputs/core/options";
import type { OutputSelection } from "../selection.js";
import type { Sink } from "../sink.js";
import { type Facility, facilities } from "./facility.js";
import { LocalSink } from "./local-sink.js";
import { RemoteSink, type SyslogTlsOptions } from "./remote-sink.js";

/** Sends each alert to a syslogd, with its priority as severity: to this machine's own, or to that at `address`. */
export interface SyslogOutputOptions extends OutputSelection {
  /** Default: "user", as in Falco. */
  facility?: Facility;
  /** The program's name in the log (RFC 5424's APP-NAME). Default: "falco". */
  tag?: string;
  /** The local syslogd's unix socket. Default: /dev/log. */
  socket?: string;
  /** `host:port` of a syslogd that takes RFC 5424 over TCP, instead of the local one. */
  address?: string;
  /** Speaks TLS to `address` (RFC 5425). */
  tls?: SyslogTlsOptions;
  /** Allows sending alerts to another machine without TLS. */
  insecure?: boolean;
}

/** The local syslogd's, on every Linux. */
export const localSyslogSocket = "/dev/log";
const defaultTag = "falco";

/** @throws OptionError */
export function createSyslogSink(options: SyslogOutputOptions): Sink {
  const { facility = "user", tag = defaultTag, socket, address: text, tls, insecure = false } = options;
  if (!Object.hasOwn(facilities, facility)) {
    throw wrong("facility", facility, `one of ${Object.keys(facilities).join(", ")}`);
  }
  if (!/^[!-~]{1,48}$/.test(tag) || /[:[\]]/.test(tag)) {
    throw wrong("tag", tag, "1 to 48 printable ASCII characters without a space, a colon or brackets");
  }
  if (text === undefined) {
    if (tls !== undefined) {
      throw wrong("address", text, "host:port with {outputs.syslog.tls}: the local socket has no TLS");
    }
    return new LocalSink(socket ?? localSyslogSocket, facilities[facility], tag);
  }
  if (socket !== undefined) {
    throw wrong("socket", socket, "only one of {outputs.syslog.socket} and {outputs.syslog.address}");
  }
  if (tls !== undefined && insecure) {
    throw wrong("insecure", insecure, "only one of {outputs.syslog.tls} and {outputs.syslog.insecure}");
  }
  const address = readAddress(text);
  if (address?.kind !== "tcp" || address.port === 0) throw wrong("address", text, "host:port");
  if (tls === undefined && !insecure && !isLoopback(address.host)) {
    const expected = "it with {outputs.syslog.tls}, or with {outputs.syslog.insecure}: true";
    throw wrong("address", text, expected);
  }
  return new RemoteSink(address, tls, facilities[facility], tag);
}

function wrong(option: keyof SyslogOutputOptions, got: unknown, expected: string): OptionError {
  return new OptionError({ option: `outputs.syslog.${option}`, got, expected });
}
