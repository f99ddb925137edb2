import type { CallLine, Method, RequestStep } from "./protocol.js";

/** A row of the table. */
export interface Case {
  theme: string;
  name: string;
  server: ServerSetup;
  /** What the server gets before the first call. */
  feed: FeedStep[];
  calls: Call[];
  /** What the inputs counted in the end. */
  inputs: Partial<Record<"http" | "lines", { accepted: number; rejected: number }>>;
  /** What a client has to be able to do, beyond what the calls tell. */
  needs: Feature[];
  /** By client: why it fails and why that is accepted. */
  known_failures: Record<string, string>;
}

export interface ServerSetup {
  /** Default: a unix socket. "nowhere": there is no server. */
  listen?: "unix" | "tcp" | "nowhere";
  /** TCP with mutual TLS, by the name of the server's identity. */
  tls?: IdentityName;
  /** TCP: the host that the client connects to. Default: localhost. */
  host?: "localhost" | "127.0.0.1";
  /** What Falco's version is known from; `webserver`: the answer of Falco's own, or "silent". */
  falco?: { version: string } | { webserver: Record<string, unknown> | "silent" };
}

export const identityNames = [
  "server",
  "server-expired",
  "server-of-another-name",
  "server-of-another-authority",
  "client",
  "client-expired",
  "client-of-another-authority",
] as const;
export type IdentityName = (typeof identityNames)[number];

export interface Call
  extends Omit<CallLine, "address" | "tls" | "method" | "request" | "requests">,
    Partial<Pick<CallLine, "request">> {
  method: Method;
  requests?: RequestStep[];
  tls?: { identity: IdentityName | "none"; server_name?: string };
  /** What the server gets once the call is a subscriber. */
  feed?: FeedStep[];
  expect: Expected;
}

/** One thing that happens to the server. */
export type FeedStep =
  /** A line of Falco's, or many, given to `publish`. */
  | { line: string }
  /** Alerts as `expected` has them for the same numbers. */
  | { numbered: [number, number] }
  /** An encoded falco.outputs.response, in hexadecimal. */
  | { encoded: string }
  | { http: HttpPost }
  | { stdin: Body & { chunk_bytes?: number } }
  /** Waits until the testee has sent so many requests on this stream. */
  | { await_requests: number }
  /** Stops the server. */
  | { stop: true };

/** Bytes: lines end with a newline each; `text` and `hex` are taken as they are. */
export interface Body {
  lines?: string[];
  fixtures?: FixtureName[];
  text?: string;
  hex?: string;
}

export interface HttpPost extends Body {
  /** One request a line, instead of one for all. */
  each?: boolean;
  method?: string;
  headers?: Record<string, string>;
  /** The HTTP status; with `each`, one for each line. */
  status: number | number[];
}

export type FixtureName = "alerts.jsonl" | "alerts.txt";

export interface Expected {
  /** A gRPC status by name. */
  status: string;
  /** The server's message, or "any" where the words are the client's own. Default: "". */
  message?: string;
  /** Default: none. */
  alerts?: ExpectedAlerts[];
  /** Whether the server answered, so that its headers are there; "maybe" where a deadline may come first. */
  answered?: boolean | "maybe";
  version?: Record<string, string | number>;
  health?: string;
}

export type ExpectedAlerts = ExpectedAlert | { numbered: [number, number] } | { fixture: FixtureName };

/** What is not said is empty, 0 or absent. */
export interface ExpectedAlert {
  priority: number;
  time?: string;
  /** Of an alert that came with a time and no date: HH:MM:SS.nnnnnnnnn on the local clock, of the day nearest to now. */
  time_of_day?: string;
  source_deprecated?: number;
  rule?: string;
  output?: string;
  output_fields?: Record<string, string>;
  hostname?: string;
  tags?: string[];
  source?: string;
}

/** What not every client can do. */
export const features = [
  "sub",
  "get",
  "subscribe",
  "version",
  "health",
  "unknown",
  "read_alert",
  /** The case chooses the requests of a stream. */
  "requests",
  /** It does not say that it is a client of ours. */
  "anonymous",
  "authority",
  "compression",
  /** TLS without a certificate of its own. */
  "tls_without_certificate",
  /** TLS to an IP address, without a warning. */
  "tls_to_ip_address",
  /** It makes Falco's JSON of an alert. */
  "json",
  /** It shows the response's headers. */
  "headers",
] as const;
export type Feature = (typeof features)[number];

/** Everything that happens to the server in a case. */
export function stepsOf({ feed, calls }: Case): FeedStep[] {
  return [...feed, ...calls.flatMap((call) => call.feed ?? [])];
}

/** What a client has to be able to do to run a case. */
export function neededBy({ calls, needs }: Case): Set<Feature> {
  const needed = new Set<Feature>(needs);
  for (const call of calls) {
    needed.add(call.method);
    const takesOptions = call.method === "sub" || call.method === "get";
    if (takesOptions && (call.requests ?? call.request) !== undefined) needed.add("requests");
    if (call.authority !== undefined) needed.add("authority");
    if (call.compression !== undefined) needed.add("compression");
    if (call.tls?.identity === "none") needed.add("tls_without_certificate");
  }
  return needed;
}
