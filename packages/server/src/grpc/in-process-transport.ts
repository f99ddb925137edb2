import { Code, createRouterTransport, type ServiceImpl, type Transport } from "@connectrpc/connect";
import { FalcoError } from "@falco-outputs/core";
import type { AdminService } from "@falco-outputs/core/contract";
import { connectOptions, routes, type Services } from "./handler.js";

/** @param shutdown Once it aborts, calls fail for good: nobody else will ever answer them. */
export function inProcessTransport(
  services: Services,
  admin: ServiceImpl<typeof AdminService>,
  shutdown: AbortSignal,
): Transport {
  const { unary, stream } = createRouterTransport(routes(services, admin), {
    router: { ...connectOptions, shutdownSignal: shutdown },
  });
  return {
    async unary(...call) {
      assertRunning(shutdown);
      return unary(...call);
    },
    async stream(...call) {
      assertRunning(shutdown);
      return stream(...call);
    },
  };
}

function assertRunning({ aborted }: AbortSignal): void {
  if (aborted) throw new FalcoError("the server has stopped", Code.FailedPrecondition, { fromServer: true });
}
