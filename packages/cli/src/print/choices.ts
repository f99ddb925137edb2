// What options may say about printing. Nothing is loaded for it.

export const formats = ["compact", "dict", "json", "jsonpb", "table"] as const;
export type Format = (typeof formats)[number];

/** Hubble's names, in lower case, and three of our own. */
export const timeFormats = [
  "rfc3339nano",
  "rfc3339micro",
  "rfc3339milli",
  "rfc3339",
  "rfc1123z",
  "stampmilli",
  "local",
  "unix",
  "relative",
] as const;
export type TimeFormat = (typeof timeFormats)[number];

export const colorModes = ["auto", "always", "never"] as const;
export type ColorMode = (typeof colorModes)[number];
