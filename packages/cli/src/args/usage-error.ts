/** The command line or the configuration cannot work: exit status 2. */
export class UsageError extends Error {
  /** What is wrong, each to be shown on its own line. */
  readonly messages: readonly string[];

  constructor(...messages: string[]) {
    super(messages.join("\n"));
    this.messages = messages;
  }
}
