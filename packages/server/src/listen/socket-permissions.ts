import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { OptionError, wholeNumber } from "@falco-outputs/core/options";

/** Who may connect to a unix socket. */
export interface SocketPermissions {
  /** Unix socket: its permissions. Default: 0o600. */
  mode?: number;
  /** Unix socket: the group that owns it, by name or number. Default: the process's. */
  group?: string | number;
}

/** The same, with the group's number. */
export interface KnownPermissions {
  readonly mode: number;
  readonly group?: { readonly id: number; readonly given: string | number };
}

/** Only its owner may connect. */
export const ownerOnly: KnownPermissions = { mode: 0o600 };
/** The number after it means "unchanged" to the system. */
const maxGroup = 2 ** 32 - 2;

/**
 * @param option What the options that hold them are called, e.g. `listen[0]`.
 * @throws OptionError
 */
export function readPermissions(
  option: string,
  { mode = ownerOnly.mode, group }: SocketPermissions,
): KnownPermissions {
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw new OptionError({ option: `${option}.mode`, got: mode, expected: "permissions from 0 to 0o777" });
  }
  if (group === undefined) return { mode };
  return { mode, group: { id: groupId(`${option}.group`, group), given: group } };
}

function groupId(option: string, group: string | number): number {
  if (typeof group === "number") return wholeNumber(option, group, 0, { least: 0, most: maxGroup });
  const id = groupEntry(group)?.split(":")[2];
  if (id !== undefined) return Number(id);
  throw new OptionError({ option, got: group, expected: "the name or number of a group that exists" });
}

function groupEntry(group: string): string | undefined {
  try {
    return execFileSync("getent", ["group", group], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    // Without getent, or for a group that it does not know, /etc/group is read.
    return readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((line) => line.startsWith(`${group}:`));
  }
}
