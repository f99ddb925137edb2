/**
 * SIGUSR1 and SIGHUP mean that files were rotated, as in Falco.
 * @returns A function that takes what to call then; it is called at once for a signal that came before.
 */
export function onRotation(): (reopen: () => void) => void {
  let reopen: (() => void) | undefined;
  let isPending = false;
  const rotated = () => {
    if (reopen === undefined) isPending = true;
    else reopen();
  };
  for (const signal of ["SIGUSR1", "SIGHUP"] as const) process.on(signal, rotated);
  return (open) => {
    reopen = open;
    if (isPending) open();
  };
}
