// The testee of @grpc/grpc-js: what a program sees that knows nothing but gRPC and Falco's contract.
import { serveLines } from "../serve-lines.js";
import { isUnary, streamCall, unaryCall } from "./calls.js";
import { connect } from "./channel.js";

await serveLines((target) => {
  const client = connect(target);
  return {
    call: (line, onProgress, cancelled) =>
      isUnary(line) ? unaryCall(client, line) : streamCall(client, line, onProgress, cancelled),
    close: () => client.close(),
  };
});
