/** What the processes of a benchmark do: the same for every library, so that they differ in nothing else. */

export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A unix socket's path, or mutual TLS on a free port of 127.0.0.1. */
export type Listen = { readonly path: string } | { readonly tls: TlsFiles };

/** Where a client connects: a unix socket's path, or `localhost:port` with mutual TLS. */
export type Target = { readonly path: string } | { readonly authority: string; readonly tls: TlsFiles };

/** What a stream is asked for; every server honours it, each the way its library is used. */
export interface Wanted {
  /** Alerts after this sequence number. */
  readonly after: number;
  /** At least this severe, as a number: 0 is Emergency. */
  readonly minPriority?: number;
  /** Shared with the other streams of this group. */
  readonly group?: string;
  /** Each alert is acknowledged when the client comes back for the next one. */
  readonly acknowledge?: boolean;
  /** From Falco's shared queue, which every server has; nothing else is asked for. */
  readonly shared?: boolean;
}

export interface Received {
  readonly alerts: number;
  /** Characters of all rules' names: shows that each alert was read, and that all clients got the same. */
  readonly ruleCharacters: number;
}

export interface Filled {
  /** Sequence number of the last alert. */
  readonly last: number;
}

/** Has alerts in memory, and streams them to who asks. */
export interface ServerRole {
  listen(where: Listen): Promise<Target>;
  /** Puts `count` alerts into memory. */
  fill(count: number): Promise<Filled> | Filled;
}

/** Streams what comes. */
export interface LiveServerRole {
  listen(where: Listen): Promise<Target>;
  /** Puts `count` alerts into memory. */
  fill(count: number): Promise<Filled> | Filled;
  /** Begins to read Falco's lines from standard input. */
  readStdin(): void;
  /** Publishes `count` alerts, `perSecond` of them, each with the time of its publishing in `sentField`. */
  publish(perSecond: number, count: number): Promise<void>;
  /** Waits until so many streams wait for alerts. */
  awaitSubscribers(count: number): Promise<void>;
}

export interface ClientRole {
  connect(target: Target): void;
  /** Receives what is there, `expected` alerts. */
  drain(wanted: Wanted, expected: number): Promise<Received>;
}

export interface LiveClientRole {
  connect(target: Target): void;
  /** Begins to receive whatever comes. */
  subscribe(): void;
  /** Waits until `count` more alerts have come. */
  receive(count: number): Promise<Live>;
}

export interface Live {
  /** When the last one came, by `process.hrtime`, in nanoseconds. */
  readonly atNs: bigint;
  /** Of each alert with a `sentField`, how long it was on its way, in microseconds. */
  readonly latenciesUs: Float64Array;
}

/** The output field that carries `process.hrtime.bigint()`, which the processes of a machine share on Linux. */
export const sentField = "bench.sent_ns";

/** Takes Falco's lines from its standard input. */
export interface InputRole {
  /** Begins to read. */
  readStdin(): void;
  /** Waits until so many lines have been taken since the start; returns when, by `process.hrtime`, in nanoseconds. */
  awaitInput(count: number): Promise<bigint>;
}

/** Takes what is posted. */
export interface HttpRole {
  /** Listens on a free port of 127.0.0.1, and returns the port. */
  listenHttp(): Promise<number>;
}

/** Keeps alerts on a disk. */
export interface DiskRole {
  /** Before it listens: its log is in a directory, and so many of the newest alerts are in memory as well. */
  keepOn(directory: string, maxAlerts: number): void;
}
