/** The command line cannot work as it was given: exit status 2. */
export class UsageError extends Error {
  /** What is wrong, each for a line of its own. */
  readonly messages: readonly string[];

  constructor(...messages: string[]) {
    super(messages.join("\n"));
    this.messages = messages;
  }
}
