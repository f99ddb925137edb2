/**
 * SIGUSR1 and SIGHUP tell that files were rotated, as they tell Falco.
 * @returns What takes the function to call then. A signal that came before is told it at once.
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
