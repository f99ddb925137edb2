import { parseArgs } from "node:util";

export const usage = `Usage: npm run conformance -- [OPTION ...]

Runs the conformance cases and prints one table: a row a case, a column a client.

  --theme NAME        only this theme, e.g. codec
  --case SUBSTRING    only cases whose name contains this
  --client NAME       only this client, e.g. typescript
  --report FILE       also write the totals there, as JSON
  --help              this text

Exit status: 0 everything is as expected, 1 it is not, 2 wrong usage.`;

export interface Options {
  help: boolean;
  theme?: string;
  case?: string;
  client?: string;
  report?: string;
}

/** @throws Error for an argument that there is not. */
export function parseOptions(args: string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      theme: text,
      case: text,
      client: text,
      report: text,
    },
  });
  return values;
}
