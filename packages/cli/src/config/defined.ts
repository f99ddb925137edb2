type Defined<Options> = { [Name in keyof Options]?: Exclude<Options[Name], undefined> } & {
  [Name in keyof Options as undefined extends Options[Name] ? never : Name]: Options[Name];
};

/** The same options without those that are undefined: keys that nobody wrote leave the default alone. */
export function defined<Options extends object>(options: Options): Defined<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<Options>;
}
