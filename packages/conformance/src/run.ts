import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Case, neededBy, stepsOf } from "./case.js";
import type { ClientUnderTest } from "./clients.js";
import { hasCurl } from "./http-post.js";
import { writeIdentities } from "./identities.js";
import { runCase } from "./run-case.js";
import { TesteeProcess } from "./testee.js";

/** What became of one case with one client. */
export type Outcome =
  | { kind: "passed" }
  | { kind: "failed"; problems: string[] }
  /** It failed, as the case says it does. */
  | { kind: "known failure"; reason: string }
  /** The client cannot do what the case is about. */
  | { kind: "not applicable" }
  /** This machine lacks what the case needs. */
  | { kind: "not run"; reason: string };

export interface Row {
  theme: string;
  name: string;
  /** In the order of the clients. */
  outcomes: Outcome[];
}

/** Runs every case with every client; the clients side by side, each with servers of its own. */
export async function run(cases: readonly Case[], clients: readonly ClientUnderTest[]): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-conformance-"));
  const [identities, curl] = await Promise.all([writeIdentities(folder), hasCurl()]);
  try {
    const columns = await Promise.all(
      clients.map(async (client) => {
        const testee = new TesteeProcess(client);
        const outcomes: Outcome[] = [];
        try {
          for (const one of cases) {
            outcomes.push(
              precluded(one, client, curl) ??
                outcome(one, client, await runCase(one, client, testee, identities)),
            );
          }
        } finally {
          await testee.stop();
        }
        return outcomes;
      }),
    );
    return cases.map(({ theme, name }, index) => ({
      theme,
      name,
      outcomes: columns.map((outcomes) => outcomes[index]!),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function precluded(one: Case, client: ClientUnderTest, curl: boolean): Outcome | undefined {
  for (const feature of neededBy(one)) {
    if (!client.features.has(feature)) return { kind: "not applicable" };
  }
  const reason = client.lacks?.() ?? (curl || !posts(one) ? undefined : withoutCurl);
  if (reason === undefined) return undefined;
  return process.env.CI === "true" ? { kind: "failed", problems: [reason] } : { kind: "not run", reason };
}

const withoutCurl = "curl is missing, with which alerts are posted as Falco posts them";

function posts(one: Case): boolean {
  return stepsOf(one).some((step) => "http" in step);
}

function outcome(one: Case, client: ClientUnderTest, problems: string[]): Outcome {
  const reason = one.known_failures[client.name];
  if (reason === undefined) return problems.length === 0 ? { kind: "passed" } : { kind: "failed", problems };
  if (problems.length > 0) return { kind: "known failure", reason };
  return { kind: "failed", problems: [`it passes, but is a known failure: ${reason}`] };
}
