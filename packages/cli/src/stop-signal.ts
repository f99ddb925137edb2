const names = ["SIGINT", "SIGTERM"] as const;

/** Aborts at the first SIGINT or SIGTERM. A second one, whichever of the two, ends the process as usual. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    for (const name of names) process.off(name, stop);
    controller.abort();
  };
  for (const name of names) process.on(name, stop);
  return controller.signal;
}
