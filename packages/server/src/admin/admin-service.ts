import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { AdminService, GetStatusResponseSchema } from "@falco-outputs/core/contract";
import { toConnectError } from "../grpc/connect-error.js";
import type { Admission, Entrance } from "./admission.js";

/** The server, as its operator sees it. */
export interface Administered {
  readonly admission: Admission;
  status(): Promise<MessageInitShape<typeof GetStatusResponseSchema>>;
  /** @throws FalcoError, see `AlertLog.forget`. */
  forgetGroup(name: string): Promise<void>;
}

/** `falco.outputs.admin.v1.AdminService`, for those who come in at `entrance`. */
export function adminService(
  { admission, status, forgetGroup }: Administered,
  entrance: Entrance,
): ServiceImpl<typeof AdminService> {
  return {
    async getStatus(_, context) {
      admission.assertAdmitted(entrance, context);
      return status();
    },
    async forgetGroup({ name }, context) {
      admission.assertAdmitted(entrance, context);
      await forgetGroup(name).catch((reason) => {
        throw toConnectError(reason);
      });
      return {};
    },
  };
}
