import type { ServiceImpl } from "@connectrpc/connect";
import {
  LegacyResponseSchema,
  type LegacyService,
  OutputsResponseSchema,
  type OutputsService,
  startHeader,
} from "@falco-outputs/core/contract";
import { deliver, isOurs } from "./deliver.js";
import { firstRequest } from "./first-request.js";
import type { Delivery } from "./served-stream.js";
import { subscriptionOf } from "./subscription.js";

/** `falco.outputs.service`: sub and get. */
export function outputsService(delivery: Delivery): ServiceImpl<typeof OutputsService> {
  return {
    async *sub(requests, context) {
      const { request, rest } = await firstRequest(requests, isOurs(context));
      yield* deliver(OutputsResponseSchema, delivery, subscriptionOf("sub", request), context, rest);
    },
    async *get(request, context) {
      const fromNow = context.requestHeader.get(startHeader) === "now";
      yield* deliver(OutputsResponseSchema, delivery, subscriptionOf("get", request, fromNow), context);
    },
  };
}

/** `falco.output.service`, the oldest: subscribe. Its response is the beginning of today's, so the bytes serve as well. */
export function legacyService(delivery: Delivery): ServiceImpl<typeof LegacyService> {
  return {
    async *subscribe(request, context) {
      const subscription = { mode: "shared", follow: request.keepalive, acknowledge: false } as const;
      yield* deliver(LegacyResponseSchema, delivery, subscription, context);
    },
  };
}
