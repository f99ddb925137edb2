import type { CallLine, Method, RequestStep, StatusType } from "./protocol.js";

/** A row of the table. */
export interface Case {
  theme: string;
  name: string;
  server: ServerSetup;
  /** What the server gets before the first call. */
  feed: FeedStep[];
  /** One after the other, by the same client. */
  calls: (Call | CallsAtOnce)[];
  /** What the inputs counted in the end. */
  inputs: Partial<Record<"http" | "lines", { accepted: number; rejected: number }>>;
  /** What a client has to be able to do, beyond what the calls tell. */
  needs: Feature[];
  /** By client: why it fails and why that is accepted. */
  known_failures: Record<string, string>;
  /** With a `peer`: the place after which each stream asks to start, in order; "none" where it does not say. */
  starts_after?: (Place | "none")[];
  /** With a `peer`: how many responses the client acknowledged in the end, as decimal text. */
  acknowledged?: string;
  /** "own": with a `peer`, each request says which client of ours it comes from, and its version. */
  user_agent?: "own";
}

export interface ServerSetup {
  /** Instead of the server: one that sends what the case says, and otherwise answers as ours or Falco's own does. */
  peer?: "ours" | "falco";
  /** Default: a unix socket. "nowhere": there is no server. Clients that take the web address have TCP on 127.0.0.1. */
  listen?: "unix" | "tcp" | "nowhere";
  /** TCP with mutual TLS, by the name of the server's identity. */
  tls?: IdentityName;
  /** TCP: the host that the client connects to. Default: localhost. */
  host?: "localhost" | "127.0.0.1";
  /** What Falco's version is known from; `webserver`: the answer of Falco's own, or "silent". */
  falco?: { version: string } | { webserver: Record<string, unknown> | "silent" };
  /** How many alerts are retained. Default: the server's. */
  max_alerts?: number;
  /** How long a stream may go without progress. Default: the server's. */
  stall_timeout_ms?: number;
  /** How often a stream hears from the server at least. Default: the server's; a peer does not say. */
  heartbeat_interval_ms?: number;
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
  extends Omit<CallLine, "id" | "address" | "tls" | "method" | "request" | "requests" | "report_progress"> {
  method: Method;
  /** A Place stands for its sequence number, here and in what `requests` send. */
  request?: Record<string, unknown>;
  requests?: RequestStep[];
  tls?: { identity: IdentityName | "none"; server_name?: string };
  /** What the server gets once the call is a subscriber. */
  feed?: FeedStep[];
  expect: Expected;
}

/** Calls that run beside one another. Each begins when the one before is a subscriber and has been fed, or is over. */
export interface CallsAtOnce {
  at_once: Call[];
  /** What those share that expect `alerts: together`: each goes to one of them, ascending, and each gets some. */
  together?: ExpectedAlerts[];
}

/** A sequence number: that of the alert which was fed as the N-th one in this case, or the one before it. */
export type Place = { of: number } | { before: number };

/** One thing that happens to the server, or on the way to it. */
export type FeedStep =
  /** A line of Falco's, or many, given to `publish`. */
  | { line: string }
  /** Alerts as `expected` has them for the same numbers. */
  | { numbered: [number, number] }
  /** The same, all of them appended at once. */
  | { batch: [number, number] }
  /** An alert of exactly these fields. */
  | { alert: ExpectedAlert }
  /** An encoded falco.outputs.response, in hexadecimal. */
  | { encoded: string }
  | { http: HttpPost }
  | { stdin: Body & { chunk_bytes?: number } }
  /** Waits until the testee has sent so many requests on this stream. */
  | { await_requests: number }
  /** Waits until the calls that run now have got so many alerts, all together. */
  | { await_alerts: number }
  /** Waits until the client has told so many statuses of this call. */
  | { await_statuses: number }
  /** Waits until the server has so many subscribers. */
  | { await_subscribers: number }
  /** Cancels the calls that run now. */
  | { cancel: true }
  /** Cuts every connection to the server, which goes through a proxy for that. */
  | { cut: true }
  /** Stops the server, and starts one of the same kind on the same address: its log is a new one. */
  | { restart: true }
  /** Stops the server. */
  | { stop: true }
  /** The same as `restart`, where client and server get new certificates of another authority, in the same files. */
  | { exchange_certificates: true }
  /** For the proxy before it, the server is away: this is what the proxy answers, and streams end without trailers. */
  | { away: AwayAnswer }
  /** The server is back. */
  | { there: true }
  /** From now on nothing passes on the connections that there are; they stay open, and new ones work. */
  | { dead: true }
  /** From now on nothing passes on any connection, new ones included; they stay open. */
  | { frozen: true }
  /** New connections work again; those that were frozen are gone. */
  | { thawed: true }
  /** Of a peer: it says that the log was looked at up to its end. */
  | { scanned: true }
  /** Of a peer: the same so many times, once an interval. */
  | { heartbeats: number }
  /** Of a peer: so many sequence numbers that no stream gets. */
  | { skip: number }
  /** Nothing happens for so long. */
  | { silence_ms: number }
  /** Of a peer: a message of these bytes, in hexadecimal. */
  | { message: string }
  /** Of a peer: an alert of about so many bytes. */
  | { large_alert: number }
  /** Of a peer: the streams end. */
  | { end: PeerEnd }
  /** Of a peer: this alert again and again, until streams have sent so many requests. */
  | { raise: number; until_requests: number };

export const awayAnswers = ["grpc UNAVAILABLE", "http 404", "http 502", "http 503"] as const;
export type AwayAnswer = (typeof awayAnswers)[number];

export type PeerEnd = "without_trailers" | { status: string; message?: string };

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
  /** Default: none. "together": a share of what the calls at once expect. "any": the case is not about them. */
  alerts?: ExpectedAlerts[] | "together" | "any";
  /** Whether the server answered, so that its headers are there; "maybe" where a deadline may come first. */
  answered?: boolean | "maybe";
  version?: Record<string, string | number>;
  health?: string;
  /** The position header. Default: right before the first alert. */
  position?: Place;
  /** What the client told of its connection. Attempts that fail after one another are told as one. */
  statuses?: StatusType[];
}

export type ExpectedAlerts =
  | ExpectedAlert
  | { numbered: [number, number] }
  | { fixture: FixtureName }
  /** The alert that tells a loss. */
  | { loss: ExpectedLoss };

/** Without the rest: how many were lost is not known. */
export interface ExpectedLoss {
  cause: "overflow" | "slow" | "restart";
  /** From which alert fed to which one. */
  range?: [number, number];
  /** How many of the range. Default: all. */
  lost?: number;
}

/** What is not said is empty, 0 or absent. */
export interface ExpectedAlert {
  /** As the how manieth it was fed, where that is known: so is its sequence number then. */
  fed?: number;
  priority: number;
  /** RFC 3339, or "now": the clock's. */
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
  /** It makes alerts of Falco's JSON. */
  "read_alert",
  /** And of Falco's text form. */
  "read_text",
  /** The case chooses the requests of a stream. */
  "requests",
  /** A stream takes options: the fields of its first request. */
  "options",
  /** It filters the shared queue on its side. */
  "filter_locally",
  /** It can ask the server to hold alerts until they are acknowledged. */
  "acknowledgement",
  /** It then acknowledges by itself whatever its user is done with, or by hand. */
  "acknowledges",
  /** It comes back when the connection is lost, by default or when told to. */
  "reconnect",
  /** It tells what becomes of its connection, and of losses. */
  "statuses",
  /** It does not say that it is a client of ours. */
  "anonymous",
  "authority",
  "compression",
  /** Mutual TLS. */
  "tls",
  /** TLS without a certificate of its own. */
  "tls_without_certificate",
  /** TLS to an IP address, without a warning. */
  "tls_to_ip_address",
  /** The name that the server's certificate has to carry may be another than the address's. */
  "tls_server_name",
  "tcp_without_tls",
  /** It shows an alert's sequence number, which Falco's own contract did not have. */
  "sequence",
  /** It shows the engine's version in parts, as the contract has it since Falco 0.38. */
  "engine_version",
  /** It makes Falco's JSON of an alert. */
  "json",
  /** It sends the header of a deadline that its caller sets, though it belongs to the protocol. */
  "deadline_header",
  /** It speaks gRPC over HTTP/2, and calls nothing but the contract's methods: peers and proxies take it. */
  "http2",
  /** It shows the response's headers. */
  "headers",
  /** It shows every field of an alert, and of a version. */
  "every_field",
  /** A call takes a deadline. */
  "deadline",
  /** Its deadline is a number, and one that has passed already is refused as a mistake. */
  "negative_deadline",
  /** A call takes headers to send along. */
  "metadata",
] as const;
export type Feature = (typeof features)[number];

/** Everything that happens to the server in a case. */
export function stepsOf(one: Case): FeedStep[] {
  return [...one.feed, ...callsOf(one).flatMap((call) => call.feed ?? [])];
}

export function callsOf({ calls }: Case): Call[] {
  return calls.flatMap((call) => ("at_once" in call ? call.at_once : [call]));
}

/** Whether a proxy that understands HTTP/2 stands before the server. */
export function hasProxy(one: Case): boolean {
  return stepsOf(one).some((step) => "away" in step);
}

/** Whether connections go through a small proxy, which can disturb them. */
export function hasLink(one: Case): boolean {
  return stepsOf(one).some((step) => "cut" in step || "dead" in step || "frozen" in step);
}

/** What a client has to be able to do to run a case. */
export function neededBy(one: Case): Set<Feature> {
  const needed = new Set<Feature>(one.needs);
  if (one.server.tls !== undefined) needed.add("tls");
  if (one.server.peer !== undefined || hasProxy(one)) needed.add("http2");
  if (one.calls.some((call) => "together" in call)) needed.add("every_field");
  for (const call of callsOf(one)) {
    needed.add(call.method);
    if (call.timeout_ms !== undefined) needed.add("deadline");
    if (call.headers !== undefined) needed.add("metadata");
    const takesOptions = call.method === "sub" || call.method === "get";
    if (takesOptions && call.request !== undefined) needed.add("options");
    if (call.requests !== undefined) needed.add("requests");
    if (call.request?.acknowledged !== undefined) needed.add("acknowledgement");
    if (call.acknowledge !== undefined) needed.add("acknowledges");
    if (call.acknowledge_when_stopped !== undefined) needed.add("acknowledges");
    if (call.filter_locally === true) needed.add("filter_locally");
    if (call.reconnect === true) needed.add("reconnect");
    if (call.expect.statuses !== undefined) needed.add("statuses");
    if (call.authority !== undefined) needed.add("authority");
    if (call.compression !== undefined) needed.add("compression");
    if (call.tls?.identity === "none") needed.add("tls_without_certificate");
    if (call.tls?.server_name !== undefined) needed.add("tls_server_name");
    const overTcp = one.server.listen === "tcp" || one.server.tls !== undefined;
    if (overTcp && call.tls === undefined) needed.add("tcp_without_tls");
  }
  return needed;
}
