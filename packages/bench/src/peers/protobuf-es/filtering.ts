import { fromBinary } from "@bufbuild/protobuf";
import { type OutputsResponse, OutputsResponseSchema } from "@falco-outputs/core/contract";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { type FilteringRole, type FilterName, passes } from "../filtering.js";

const warning = 4;
const rule = /^(?:.*in .* house|None)$/s;
const namespace = /^(?:none-.*|None)$/s;

/** The same filters, by hand. */
const matchers: Record<FilterName, (alert: OutputsResponse) => boolean> = {
  "priority, source and rule": (alert) =>
    alert.priority <= warning && alert.source === "syscall" && rule.test(alert.rule),
  "priority, source and a field": ({ priority, source, outputFields }) =>
    priority <= warning && source === "syscall" && namespace.test(outputFields["k8s.ns.name"] ?? ""),
};

/** Encoded alerts, each decoded before it is compared. */
class DecodeAndCompare implements FilteringRole {
  #alerts: readonly Uint8Array[] = [];

  fill(count: number): void {
    const { encoded } = makeAlerts();
    this.#alerts = Array.from({ length: count }, (_, index) => encoded[index % encoded.length]!);
  }

  look(filter: FilterName): number {
    const matches = matchers[filter];
    const startMs = performance.now();
    for (let pass = 0; pass < passes; pass++) {
      for (const bytes of this.#alerts) {
        const alert = fromBinary(OutputsResponseSchema, bytes);
        if (matches(alert)) throw new Error(`an alert of the rule ${alert.rule} passed`);
      }
    }
    return ((performance.now() - startMs) * 1000) / (passes * this.#alerts.length);
  }
}

playRole(new DecodeAndCompare());
