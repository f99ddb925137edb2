import { type Contestant, measureRounds } from "../measure/rounds.js";
import type { RetentionRole } from "../peers/retention.js";
import { Cast } from "../process/cast.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { ours } from "./pairs.js";

const alerts = 100_000;
const modules = {
  [ours]: `peers/${ours}/retention.js`,
  "protobuf-es messages": "peers/protobuf-es/retention.js",
};

export const memory: Scene = {
  name: "memory",
  title: "Memory of a retained alert",
  about:
    "A new process a run: how much larger it is with the alerts in its log than without, after garbage collection, over the bytes of the encoded alerts. The peer has them as messages in an array.",
  async run(extent) {
    const count = extent.amount(alerts);
    const contestants = Object.entries(modules).map(
      ([name, module]): Contestant => ({
        name,
        run: async () => {
          await using cast = new Cast();
          const holder = cast.start<RetentionRole>(module, { node: ["--expose-gc"] });
          await holder.do("warmUp", count / 10);
          const { growthBytes, alertBytes, toldBytes } = await holder.do("hold", count);
          return {
            "bytes/alert": growthBytes / count,
            "process growth / alerts' bytes": growthBytes / alertBytes,
            ...(toldBytes !== undefined && { "retainedBytes / alerts' bytes": toldBytes / alertBytes }),
          };
        },
      }),
    );
    const measured = await measureRounds(contestants, { ...extent, warmUps: 0 });
    return toResult(measured, firstAgainstOthers(measured));
  },
};
