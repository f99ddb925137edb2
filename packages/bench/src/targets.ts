/** What is promised of the figures, as data. */
export interface Target {
  readonly name: string;
  readonly scene: string;
  /** Whose figure, and against whose: then it is a ratio that has to hold. */
  readonly of: string;
  readonly to?: string;
  readonly figure: string;
  readonly is: "at least" | "at most";
  readonly number: number;
}

const ours = "falco-outputs";

export const targets: readonly Target[] = [
  {
    name: "server to client, unix socket, alerts/s, against grpc-js",
    scene: "one-subscriber",
    of: ours,
    to: "grpc-js",
    figure: "alerts/s",
    is: "at least",
    number: 5,
  },
  {
    name: "server to client, unix socket, alerts/s, against connect-node's usual way",
    scene: "one-subscriber",
    of: ours,
    to: "connect-node",
    figure: "alerts/s",
    is: "at least",
    number: 4,
  },
  {
    name: "a server that writes one alert at a time, client CPU an alert, against grpc-js",
    scene: "alert-at-a-time",
    of: ours,
    to: "grpc-js",
    figure: "client µs/alert",
    is: "at most",
    number: 0.5,
  },
  {
    name: "server to client, mutual TLS, alerts/s, against grpc-js",
    scene: "one-subscriber-tls",
    of: ours,
    to: "grpc-js",
    figure: "alerts/s",
    is: "at least",
    number: 3,
  },
  {
    name: "server CPU an alert, delivery from the log, against grpc-js",
    scene: "one-subscriber",
    of: ours,
    to: "grpc-js",
    figure: "server µs/alert",
    is: "at most",
    number: 1 / 15,
  },
  {
    name: "Falco's JSON to the log, alerts/s, against JSON.parse and protobuf-es",
    scene: "stdin",
    of: ours,
    to: "JSON.parse and protobuf-es",
    figure: "alerts/s",
    is: "at least",
    number: 4,
  },
  {
    name: "Falco's JSON to the log, server CPU an alert with metrics, against without",
    scene: "metrics",
    of: `${ours}, with metrics`,
    to: `${ours}, without`,
    figure: "input µs/alert",
    is: "at most",
    number: 1.03,
  },
  {
    name: "100 broadcast subscribers, server CPU a delivered alert, against one",
    scene: "broadcast",
    of: `${ours}, 100`,
    to: `${ours}, 1`,
    figure: "server µs/alert",
    is: "at most",
    number: 1.3,
  },
  ...["1,000/s", "10/s"].flatMap((rate) =>
    ["p50 µs", "p99 µs"].map(
      (figure): Target => ({
        name: `published to received at ${rate}, ${figure.slice(0, 3)}, against connect-node's usual way`,
        scene: "latency",
        of: `${ours}, ${rate}`,
        to: `connect-node, ${rate}`,
        figure,
        is: "at most",
        number: 1,
      }),
    ),
  ),
  ...[
    { parts: "priority, source and rule", number: 1 },
    { parts: "priority, source and a field", number: 2 },
  ].map(
    ({ parts, number }): Target => ({
      name: `a filter by ${parts}, µs an alert looked at`,
      scene: "filter",
      of: `${ours}, ${parts}`,
      figure: "µs/alert looked at",
      is: "at most",
      number,
    }),
  ),
  {
    name: "memory a retained alert, over its bytes",
    scene: "memory",
    of: ours,
    figure: "process growth / alerts' bytes",
    is: "at most",
    number: 1.15,
  },
  ...[
    { what: "stdin", name: "Falco's JSON on standard input to the log", figure: "alerts/s", number: 0.6 },
    { what: "http", name: "http posts on one connection", figure: "posts/s", number: 0.7 },
    { what: "newest", name: "one subscriber, the newest alerts", figure: "alerts/s", number: 0.9 },
    { what: "old", name: "one subscriber, old alerts", figure: "alerts/s", number: 0.5 },
  ].map(
    ({ what, name, figure, number }): Target => ({
      name: `a log on a disk: ${name}, against memory`,
      scene: "disk",
      of: `disk, ${what}`,
      to: `memory, ${what === "old" ? "newest" : what}`,
      figure,
      is: "at least",
      number,
    }),
  ),
  {
    name: "a log of 1 GiB on a disk, opened, seconds",
    scene: "disk-reopened",
    of: ours,
    figure: "seconds to open",
    is: "at most",
    number: 5,
  },
  {
    name: "a log of 1 GiB on a disk, read by one subscriber, peak memory, against idle",
    scene: "disk-reopened",
    of: ours,
    figure: "peak / idle memory",
    is: "at most",
    number: 1.2,
  },
  ...["--version", "sub --help"].map(
    (line): Target => ({
      name: `falco-outputs ${line}, from spawn to its end, against Node with nothing to do`,
      scene: "command-start",
      of: line,
      to: "node",
      figure: "ms",
      is: "at most",
      number: 3,
    }),
  ),
  {
    name: "alerts lost by a subscriber killed mid-stream, with acknowledgement",
    scene: "killed-subscriber",
    of: `${ours}, acknowledging`,
    figure: "lost",
    is: "at most",
    number: 0,
  },
  ...[
    { connections: 1, number: 0.85 },
    { connections: 4, number: 0.75 },
  ].map(
    ({ connections, number }): Target => ({
      name: `http input, posts/s on ${connections === 1 ? "one connection" : "four"}, against a bare node:http server`,
      scene: "http",
      of: `${ours}, ${connections}`,
      to: `node:http, ${connections}`,
      figure: "posts/s",
      is: "at least",
      number,
    }),
  ),
  // 1.3 times what was lost with Falco's own server, a client in C++ and alerts of 750 bytes.
  ...[
    { scene: "killed-subscriber", where: "unix socket", number: 124 },
    { scene: "killed-subscriber-tls", where: "mutual TLS", number: 179 },
  ].map(
    ({ scene, where, number }): Target => ({
      name: `alerts lost by a subscriber killed mid-stream, without acknowledgement, ${where}`,
      scene,
      of: ours,
      figure: "lost",
      is: "at most",
      number,
    }),
  ),
  {
    name: "http input, server CPU an alert at 1,000/s, against a bare node:http server",
    scene: "http-paced",
    of: `${ours}, 1,000/s`,
    to: "node:http, 1,000/s",
    figure: "server µs/post",
    is: "at most",
    number: 1.15,
  },
  ...["Get", "OutputsWatch"].map(
    (method): Target => ({
      name: `the Go client, alerts/s, against client-go's ${method}`,
      scene: "go-clients",
      of: "falco-outputs, Go",
      to: `client-go, ${method}`,
      figure: "alerts/s",
      is: "at least",
      number: 1,
    }),
  ),
  ...[
    { scene: "rust-clients", client: "Rust" },
    { scene: "python-clients", client: "Python" },
    { scene: "python-clients", client: "Python sync" },
  ].map(
    ({ scene, client }): Target => ({
      name: `the ${client} client, alerts/s, against a bare loop over its stubs`,
      scene,
      of: `falco-outputs, ${client}`,
      to: `bare loop, ${client}`,
      figure: "alerts/s",
      is: "at least",
      number: 1 / 1.2,
    }),
  ),
  ...["server", "client"].map(
    (side): Target => ({
      name: `a minute at half the top rate, growth of the ${side}'s process`,
      scene: "steady",
      of: ours,
      figure: `${side} growth`,
      is: "at most",
      number: 1.05,
    }),
  ),
];
