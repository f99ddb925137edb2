import type { Alert } from "../alert-message.js";
import { Code, FalcoError } from "../error.js";
import type { AlertCall } from "./alert-call.js";

/** How an alert came: by which call, and its place among the call's responses. */
export interface Delivery {
  readonly call: AlertCall;
  readonly place: number;
}

/** Remembers how alerts came, for those that are acknowledged by hand. */
export class Deliveries {
  readonly #deliveries = new WeakMap<Alert, Delivery | "acknowledged">();

  add(alert: Alert, delivery: Delivery): void {
    this.#deliveries.set(alert, delivery);
  }

  /**
   * @returns Whether it counts: its call is still open, and nobody acknowledged it before.
   * @throws FalcoError with InvalidArgument for an alert that did not come here.
   */
  acknowledge(alert: Alert): boolean {
    const delivery = this.#deliveries.get(alert);
    if (delivery === undefined) {
      throw new FalcoError(
        'acknowledge: expected an alert that this stream gave with acknowledge: "manual", and not a copy of it',
        Code.InvalidArgument,
      );
    }
    if (delivery === "acknowledged") return false;
    this.#deliveries.set(alert, "acknowledged");
    return delivery.call.acknowledge(delivery.place);
  }
}
