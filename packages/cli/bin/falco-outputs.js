#!/usr/bin/env node
// This file has to parse on every Node, to tell an old one that it is too old: no syntax beyond ES2015 but `import()`.

// Before anything else runs. Node's own handler of SIGUSR1 would open a debugger's port, until the process ends.
process.on("SIGUSR1", () => undefined);
const [, , ...args] = process.argv;
// Who rotates files may send it to a server that is still starting. Another command ends with its terminal.
if (args[0] === "serve") process.on("SIGHUP", () => undefined);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `falco-outputs needs Node 20.19 or later; this is Node ${process.versions.node} (${process.execPath})`,
  );
  process.exitCode = 1;
} else {
  setName("falco-outputs");
  closeDebugger(2);
  // Falco may start `forward` for each alert, and waits for it: it comes without what the other commands load.
  const command = args[0] === "forward" ? import("../dist/forward/main.js") : import("../dist/main.js");
  command
    .then(({ run }) => run(args))
    .then((status) => {
      // Set, not exited with: what was written to a pipe still has to leave.
      process.exitCode = status;
    });
}

/** The process's name for `killall` and `pkill`, which is "node" otherwise. */
function setName(name) {
  try {
    // Unlike process.title, this leaves `ps` the command line.
    process.getBuiltinModule("node:fs").writeFileSync("/proc/self/comm", name);
  } catch (_) {
    process.title = name;
  }
}

/**
 * A SIGUSR1 that came while Node itself was starting opens the debugger's port all the same, at once or a moment later.
 * @param again How often to look again, each time in a later turn of the event loop.
 */
function closeDebugger(again) {
  const isWanted = /--inspect/.test([process.env.NODE_OPTIONS].concat(process.execArgv).join(" "));
  const inspector = process.getBuiltinModule("node:inspector");
  if (!isWanted && inspector.url() !== undefined) inspector.close();
  if (again > 0) setImmediate(closeDebugger, again - 1);
}
