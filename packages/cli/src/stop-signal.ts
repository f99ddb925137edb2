const names = ["SIGINT", "SIGTERM"] as const;

/**
 * Aborts at the first SIGINT or SIGTERM. A second one, whichever of the two, ends the process by that signal, once what
 * listens to the process's exit has run: it ends the programs that the process has started.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    for (const name of names) {
      process.off(name, stop);
      process.on(name, exitBy);
    }
    controller.abort();
  };
  for (const name of names) process.on(name, stop);
  return controller.signal;
}

function exitBy(name: (typeof names)[number]): void {
  process.off(name, exitBy);
  // The last listener, so that all others have run.
  process.on("exit", () => process.kill(process.pid, name));
  process.exit();
}
