import { source as Enum } from "./gen/falco/schema/schema_pb.js";

const numbers = new Map<string, Enum>([
  ["SYSCALL", Enum.SYSCALL],
  ["syscall", Enum.SYSCALL],
  ["Syscall", Enum.SYSCALL],
  ["K8S_AUDIT", Enum.K8S_AUDIT],
  ["k8s_audit", Enum.K8S_AUDIT],
  ["K8s_audit", Enum.K8S_AUDIT],
  ["K8S_audit", Enum.K8S_AUDIT],
  ["INTERNAL", Enum.INTERNAL],
  ["internal", Enum.INTERNAL],
  ["Internal", Enum.INTERNAL],
]);
const names = ["syscall", "k8s_audit", "internal", "plugin"];

/** The value of `source_deprecated` that Falco sends beside a source's name: PLUGIN for a name it has no number for. */
export function deprecatedSource(name: string): Enum {
  return name === "" ? Enum.SYSCALL : (numbers.get(name) ?? Enum.PLUGIN);
}

/**
 * The source's name. A Falco before the field `source` sent only the enum, whose zero cannot be told from nothing:
 * then the name is "".
 */
export function sourceName(source: string, deprecated: Enum): string {
  return source !== "" || deprecated === Enum.SYSCALL ? source : (names[deprecated] ?? "");
}
