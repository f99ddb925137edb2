import { connect } from "node:net";
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import { OptionError } from "@falco-outputs/core/options";
import { type Address, formatAddress } from "@falco-outputs/core/transport";
import { type Pem, readPem } from "../../listen/pem.js";
import { withCertificates } from "../../listen/tls-server.js";
import { systemAuthorities } from "../authorities.js";
import type { Attempt, FormattedAlerts, Sink } from "../sink.js";
import { Connection } from "./connection.js";
import { messageOf } from "./message.js";
import { formatRfc5424 } from "./rfc5424.js";

/** Certificates and keys: a path, or PEM. */
export interface SyslogTlsOptions {
  /** The authorities that sign the receiver's certificate. Default: the system's. */
  ca?: Pem;
  /** The certificate shown to the receiver, with `key`. */
  cert?: Pem;
  key?: Pem;
  /** The name that the receiver's certificate must be for. Default: the host of the address. */
  serverName?: string;
}

const maxAlerts = 1000;

/** A syslogd over TCP (RFC 6587) or TLS (RFC 5425). Neither has acknowledgements: what the system took counts as written. */
export class RemoteSink implements Sink {
  readonly maxAlerts = maxAlerts;
  readonly #facility: number;
  readonly #tag: string;
  readonly #tls: SyslogTlsOptions | undefined;
  readonly #connection: Connection;
  #context: SecureContext | undefined;

  /** @throws OptionError */
  constructor(
    address: Extract<Address, { kind: "tcp" }>,
    tls: SyslogTlsOptions | undefined,
    facility: number,
    tag: string,
  ) {
    const { host, port } = address;
    this.#facility = facility;
    this.#tag = tag;
    this.#tls = tls;
    this.#context = tls && readContext(tls);
    this.#connection = new Connection(formatAddress(address), () => {
      if (this.#context === undefined) return connect({ host, port });
      const servername = tls?.serverName;
      return connectTls({ host, port, secureContext: this.#context, ...(servername && { servername }) });
    });
  }

  write(alerts: FormattedAlerts, { signal }: Attempt): Promise<void> {
    const frames = alerts.ends.map((_, index) =>
      formatRfc5424(messageOf(alerts, index, this.#facility, this.#tag)),
    );
    return this.#connection.write(Buffer.concat(frames), signal);
  }

  async reopen(): Promise<void> {
    this.#context = this.#tls && readContext(this.#tls);
    this.#connection.drop();
  }

  close(): Promise<void> {
    return this.#connection.end();
  }
}

function readContext({ ca, cert, key }: SyslogTlsOptions): SecureContext {
  const option = "outputs.syslog.tls";
  if ((cert === undefined) !== (key === undefined)) {
    const [missing, given] = cert === undefined ? ["cert", "key"] : ["key", "cert"];
    throw new OptionError({
      option: `${option}.${missing}`,
      got: undefined,
      expected: `PEM that goes with {${option}.${given}}`,
    });
  }
  const pem = {
    ca: ca === undefined ? [...systemAuthorities()] : readPem(ca, `${option}.ca`),
    ...(cert !== undefined && { cert: readPem(cert, `${option}.cert`) }),
    ...(key !== undefined && { key: readPem(key, `${option}.key`) }),
  };
  return withCertificates(option, () => createSecureContext(pem));
}
