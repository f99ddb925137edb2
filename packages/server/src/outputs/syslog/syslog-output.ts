import { isLoopback, readAddress } from "@falco-outputs/core/address";
import { invalidOption } from "../../invalid-option.js";
import type { Sink } from "../sink.js";
import { type Facility, facilities } from "./facility.js";
import { LocalSink } from "./local-sink.js";
import { RemoteSink, type SyslogTlsOptions } from "./remote-sink.js";

/** Sends each alert to a syslogd, with its priority as severity: to this machine's own, or to that at `address`. */
export interface SyslogOutputOptions {
  /** Default: "user", as Falco's. */
  facility?: Facility;
  /** The program's name in the log (RFC 5424's APP-NAME). Default: "falco". */
  tag?: string;
  /** The local syslogd's unix socket. Default: /dev/log. */
  socket?: string;
  /** `host:port` of a syslogd that takes RFC 5424 over TCP, instead of the local one. */
  address?: string;
  /** Speaks TLS to `address` (RFC 5425). */
  tls?: SyslogTlsOptions;
  /** Allows to send alerts to another machine without TLS. */
  insecure?: boolean;
}

const defaultSocket = "/dev/log";
const defaultTag = "falco";

/** @throws FalcoError with InvalidArgument that says which option is wrong. */
export function createSyslogSink(options: SyslogOutputOptions): Sink {
  const { facility = "user", tag = defaultTag, socket, address: text, tls, insecure = false } = options;
  const option = "outputs.syslog";
  if (!Object.hasOwn(facilities, facility)) {
    const names = Object.keys(facilities).join(", ");
    throw invalidOption(`${option}.facility: ${JSON.stringify(facility)}, expected one of ${names}`);
  }
  if (!/^[!-~]{1,48}$/.test(tag) || /[:[\]]/.test(tag)) {
    const wanted = "1 to 48 printable ASCII characters without a space, a colon or brackets";
    throw invalidOption(`${option}.tag: ${JSON.stringify(tag)}, expected ${wanted}`);
  }
  if (text === undefined) {
    if (tls !== undefined) throw invalidOption(`${option}.tls needs address: the local socket knows no TLS`);
    return new LocalSink(socket ?? defaultSocket, facilities[facility], tag);
  }
  if (socket !== undefined) throw invalidOption(`${option}: socket and address exclude each other`);
  if (tls !== undefined && insecure) throw invalidOption(`${option}: tls and insecure exclude each other`);
  const address = readAddress(text);
  if (address?.kind !== "tcp" || address.port === 0) {
    throw invalidOption(`${option}.address: ${JSON.stringify(text)}, expected host:port`);
  }
  if (tls === undefined && !insecure && !isLoopback(address.host)) {
    throw invalidOption(`${option}.address: ${JSON.stringify(text)} needs tls, or insecure: true`);
  }
  return new RemoteSink(address, tls, facilities[facility], tag);
}
