/** For those who bring alerts into a server: Falco's own forms to the bytes of a `falco.outputs.response`. */
export { contentOf } from "../alert.js";
export { toPriority } from "../priority.js";
export { acceptEncoded } from "./accept-encoded.js";
export { AlertDecoder, type TextSlices } from "./alert-decoder.js";
export { AlertTime, alertTimeUs, microseconds } from "./alert-time.js";
export { BatchEncoder, type EncodedAlerts } from "./batch-encoder.js";
export type { AlertContent } from "./content.js";
export { encodeContent, encodeLine, maxAlertBytes } from "./encode.js";
export { FieldWalk, int32At } from "./field-walk.js";
export { JsonReader } from "./json-reader.js";
export { readJson } from "./read-json.js";
export { readText, textPrefix } from "./read-text.js";
export { type BodyTaker, splitBody } from "./split-body.js";
export {
  alertField,
  alertTag,
  continued,
  entryField,
  entryTag,
  messageBytesAt,
  prefixBytes,
  sequenceBytes,
  varintBytes,
  wireType,
  writePrefix,
  writeSequence,
  writeVarint,
} from "./wire.js";
export { withRoom } from "./with-room.js";
export { withUtf8 } from "./with-utf8.js";
