// A peer that answers each call as its header `x-answer` says, with what our server never sends: proxies whose server is
// away, streams that are cut, messages that cannot be decoded. Listens on the socket of its argument, and answers questions
// on stdin, one a line, with a line of JSON each.
import http2 from "node:http2";
import { createInterface } from "node:readline";

const grpc = { ":status": 200, "content-type": "application/grpc" };
const ours = { "falco-outputs-version": "1", "falco-outputs-position": "0", "falco-outputs-window": "0" };

/** A message of gRPC's. */
function frame(message) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const alert = (rule) => frame(Buffer.concat([Buffer.from([0x22, rule.length]), rule]));

const answers = {
  // Trailers alone, as Envoy answers for a server that is away.
  status: (stream, code, message) =>
    stream.respond({ ...grpc, "grpc-status": code, "grpc-message": message }, { endStream: true }),
  // The same from a server of ours.
  ours: (stream, code, message) =>
    stream.respond(
      { ...grpc, "falco-outputs-version": "1", "grpc-status": code, "grpc-message": message },
      { endStream: true },
    ),
  // As nginx and HAProxy answer.
  http: (stream, status) => {
    stream.respond({ ":status": Number(status), "content-type": "text/html" });
    stream.end("<html>");
  },
  // Sends nothing at all.
  mute: () => {},
  // An alert, and then no end until it is cut.
  open: (stream) => {
    stream.respond({ ...grpc, ...ours });
    stream.write(alert(Buffer.from("before")));
    open.add(stream.resume());
    stream.on("close", () => open.delete(stream));
  },
  reset: (stream, code) => stream.close(Number(code)),
  // So many bytes in one message.
  large: (stream, size) => {
    stream.respond({ ...grpc, ...ours });
    stream.write(frame(Buffer.alloc(Number(size))));
  },
  undecodable: (stream) => {
    stream.respond({ ...grpc, ...ours });
    stream.write(frame(Buffer.from([0xff, 0xff])));
  },
  // An alert of these bytes, and OK.
  encoded: (stream, hex) => {
    stream.respond({ ...grpc, ...ours }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(frame(Buffer.from(hex, "hex")));
  },
  // Seven alerts, of which one is not UTF-8, as Falco sends them.
  seven: (stream) => {
    stream.respond({ ...grpc, ...ours }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    for (const rule of ["1", "2", "3", "4 \xff", "5", "6", "7"])
      stream.write(alert(Buffer.from(rule, "latin1")));
    stream.end();
  },
};

const calls = [];
const agents = [];
const open = new Set();
/** What is asked on stdin. */
const questions = {
  calls: () => calls,
  agents: () => agents,
  "half-closed": () => [...open].filter((stream) => stream.readableEnded).length,
  cut: () => {
    // Without a reset, gRPC's C core would wait for the client's half-close first.
    for (const stream of open) stream.end(() => stream.close());
    return open.size;
  },
};
const server = http2.createServer();
server.on("stream", (stream, headers) => {
  stream.on("error", () => {});
  calls.push(headers[":path"]);
  agents.push(headers["user-agent"]);
  const [answer, ...rest] = headers["x-answer"].split(" ");
  if (headers[":path"].endsWith("/version") && ["open", "mute"].includes(answer)) answers.ours(stream, 0);
  else answers[answer](stream, ...rest);
});
server.on("sessionError", () => {});
server.listen(process.argv[2], () => console.log("ready"));
for await (const question of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(questions[question]()));
process.exit(0);
