import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  AdminService,
  type HealthService,
  LegacyService,
  OutputsService,
  ServingStatus,
  VersionService,
} from "@falco-outputs/core/contract";

const services = [OutputsService, LegacyService, VersionService, AdminService];
const known = new Set(["", ...services.map(({ typeName }) => typeName)]);

/** `grpc.health.v1.Health`: a server that answers serves; Watch tells NOT_SERVING when it stops. */
export const healthService: ServiceImpl<typeof HealthService> = {
  check({ service }) {
    if (known.has(service)) return { status: ServingStatus.SERVING };
    throw new ConnectError(`unknown service ${JSON.stringify(service.slice(0, 100))}`, Code.NotFound);
  },
  async *watch({ service }, { signal }) {
    yield { status: known.has(service) ? ServingStatus.SERVING : ServingStatus.SERVICE_UNKNOWN };
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    yield { status: ServingStatus.NOT_SERVING };
  },
};
