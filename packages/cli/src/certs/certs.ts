import { readFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "../print/line-writer.js";
import { Authority, type Identity } from "./authority.js";
import { clientSubject, type Subject, serverSubject } from "./subject.js";
import { writeFiles } from "./write-files.js";

interface IssueOptions {
  readonly days: number;
  readonly force?: boolean;
}

interface ServerOptions extends IssueOptions {
  readonly host: readonly string[];
}

/** Makes an authority, and a server's certificate. */
export async function initialize(
  folder: string,
  { host, caDays, days, force }: ServerOptions & { readonly caDays: number },
): Promise<void> {
  const subject = serverSubject(host);
  const authority = await Authority.create(caDays);
  const files = {
    ...filesOf("ca", await authority.identity()),
    ...filesOf("server", await authority.issue(subject, days)),
  };
  await write(folder, files, force);
}

export async function issueServer(folder: string, { host, ...options }: ServerOptions): Promise<void> {
  await issue(folder, "server", serverSubject(host), options);
}

export async function issueClient(folder: string, name: string, options: IssueOptions): Promise<void> {
  await issue(folder, name, clientSubject(name), options);
}

async function issue(
  folder: string,
  name: string,
  subject: Subject,
  { days, force }: IssueOptions,
): Promise<void> {
  const authority = await readAuthority(folder);
  await write(folder, filesOf(name, await authority.issue(subject, days)), force);
}

async function readAuthority(folder: string): Promise<Authority> {
  const [cert, key] = ["ca.crt", "ca.key"].map((name) => join(folder, name));
  try {
    return await Authority.read({ cert: readFileSync(cert!, "utf8"), key: readFileSync(key!, "utf8") });
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`${cert} and ${key} are not a usable authority: ${message}`, { cause });
  }
}

function filesOf(name: string, { cert, key }: Identity): Record<string, string> {
  return { [`${name}.key`]: key, [`${name}.crt`]: cert };
}

async function write(folder: string, files: Record<string, string>, force = false): Promise<void> {
  const paths = writeFiles(folder, files, force);
  await say(paths.map((path) => `wrote ${path}`).join("\n"));
}
