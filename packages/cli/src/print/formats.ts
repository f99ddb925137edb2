export const formats = ["compact", "json"] as const;
export type Format = (typeof formats)[number];
