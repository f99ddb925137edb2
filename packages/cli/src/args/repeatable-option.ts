import { Option } from "commander";

/** An option that may be given several times, and keeps all its values. */
export class RepeatableOption extends Option {}
