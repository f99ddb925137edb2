import { body } from "./body.js";
import { jsonLine } from "./json-line.js";
import type { Target } from "./target.js";
import { wireAlert } from "./wire-alert.js";

export const targets: readonly Target[] = [jsonLine, body, wireAlert];
