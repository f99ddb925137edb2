// What options may say about printing. Nothing is loaded for it.

export const formats = ["compact", "json"] as const;
export type Format = (typeof formats)[number];

export const colorModes = ["auto", "always", "never"] as const;
export type ColorMode = (typeof colorModes)[number];
