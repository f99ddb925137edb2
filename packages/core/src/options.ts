/** How options are checked, and how it is told which one cannot work: for the packages that build on this one. */
export { maxDeadlineMs, maxTimerMs, milliseconds, wholeNumber } from "./check-option.js";
export { OptionError, type OptionProblem } from "./option-error.js";
export { readPem } from "./pem.js";
export { type AlertFiltering, filtering } from "./stream/alert-filter.js";
export { toHeaders } from "./stream/call-settings.js";
