import type { Scene } from "../scene.js";
import { acknowledgement } from "./acknowledgement.js";
import { alertAtATime } from "./alert-at-a-time.js";
import { commandStart } from "./command-start.js";
import { disk, diskReopened } from "./disk.js";
import { endToEnd } from "./end-to-end.js";
import { filter } from "./filter.js";
import { goClients } from "./go-clients.js";
import { httpInput, httpInputPaced } from "./http-input.js";
import { killedSubscriber, killedSubscriberTls } from "./killed-subscriber.js";
import { latency } from "./latency.js";
import { memory } from "./memory.js";
import { metrics } from "./metrics.js";
import { oneSubscriber, oneSubscriberTls } from "./one-subscriber.js";
import { pythonClients } from "./python-clients.js";
import { rustClients } from "./rust-clients.js";
import { startUp } from "./start-up.js";
import { stdinInput } from "./stdin-input.js";
import { steady } from "./steady.js";
import { broadcast, group } from "./subscribers.js";

/** In the order in which they run and are reported. */
export const scenes: readonly Scene[] = [
  oneSubscriber,
  oneSubscriberTls,
  alertAtATime,
  acknowledgement,
  filter,
  broadcast,
  group,
  stdinInput,
  metrics,
  httpInput,
  httpInputPaced,
  disk,
  diskReopened,
  endToEnd,
  latency,
  memory,
  startUp,
  commandStart,
  killedSubscriber,
  killedSubscriberTls,
  goClients,
  rustClients,
  pythonClients,
  steady,
];
