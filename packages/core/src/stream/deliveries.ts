import type { Alert } from "../alert-message.js";
import type { AlertCall } from "./alert-call.js";

/** How an alert came: by which call, and its place among the call's responses. */
export interface Delivery {
  readonly call: AlertCall;
  readonly place: number;
}

/** Remembers how alerts came, for those that are acknowledged by hand. */
export class Deliveries {
  readonly #deliveries = new WeakMap<Alert, Delivery>();

  add(alert: Alert, delivery: Delivery): void {
    this.#deliveries.set(alert, delivery);
  }

  acknowledge(alert: Alert): void {
    const delivery = this.#deliveries.get(alert);
    if (delivery === undefined) return;
    this.#deliveries.delete(alert);
    delivery.call.acknowledgements?.done(delivery.place);
  }
}
