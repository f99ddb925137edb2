/** The command line cannot work as it was given: exit status 2. */
export class UsageError extends Error {}
