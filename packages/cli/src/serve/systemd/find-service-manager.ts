import type { Logger } from "@falco-outputs/server";
import { ServiceManager } from "./service-manager.js";

/**
 * The service manager that started this process and wants to be told (NOTIFY_SOCKET, WATCHDOG_USEC), if there is one. The
 * variables are removed from the environment, so that programs which this process starts do not speak for it.
 */
export function findServiceManager(env: NodeJS.ProcessEnv, logger: Logger): ServiceManager | undefined {
  const { NOTIFY_SOCKET: path = "", WATCHDOG_USEC: interval, WATCHDOG_PID: pid } = env;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  if (path === "") return undefined;
  // systemd's own is a path. Nothing sends to the other kinds here: an abstract socket, and vsock.
  if (!path.startsWith("/")) {
    logger.warn({ socket: path }, "systemd cannot be told: NOTIFY_SOCKET is not a path");
    return undefined;
  }
  try {
    return new ServiceManager(path, watchdogMs(interval, pid), logger);
  } catch (error) {
    logger.warn({ reason: (error as Error).message }, "systemd cannot be told");
    return undefined;
  }
}

/** @param interval In microseconds. @param pid Of the process that is watched; without it, this one. */
function watchdogMs(interval = "", pid = `${process.pid}`): number | undefined {
  if (!/^\d{1,12}$/.test(interval) || pid !== `${process.pid}`) return undefined;
  const ms = Number(interval) / 1_000;
  // A longer timer of Node's would fire at once.
  return ms >= 1 && ms / 2 < 2 ** 31 ? ms : undefined;
}
