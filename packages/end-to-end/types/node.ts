// What a program of a user's says, and what it must not compile. Nothing of it runs.
import { type Alert, createAlert, createClient, type Loss, type StreamStatus } from "@falco-outputs/node";

const falco = createClient({ address: "unix:///run/falco/falco.sock", maxMessageBytes: 1024 });

export async function read(): Promise<Alert | undefined> {
  const { value } = await falco.sub({ broadcast: true })[Symbol.asyncIterator]().next();
  // @ts-expect-error it may be undefined
  value.rule;
  // @ts-expect-error an alert has no such field
  value?.nothing;
  for await (const { rule } of falco.sub({ group: "g", acknowledge: true }).take(2)) rule.trim();
  for await (const alerts of falco.sub({ broadcast: true }).batches()) alerts.map(({ tags }) => tags);
  await falco.version({ headers: { "x-team": "blue" }, signal: AbortSignal.timeout(1) });
  await falco.close();
  return falco.get().first();
}

export function acknowledge(): boolean {
  const onStatus = (status: StreamStatus) => {
    if (status.type === "lost") tell(status.loss);
  };
  const stream = falco.sub({ group: "g", acknowledge: "manual", drainTimeoutMs: 1, onStatus });
  return stream.acknowledge(createAlert({ rule: "r", priority: "Notice" }));
}

function tell({ cause, lost }: Loss): bigint {
  // @ts-expect-error no loss has this cause
  if (cause === "flood") return 0n;
  return lost ?? 0n;
}

// @ts-expect-error a group and a broadcast exclude each other
falco.sub({ group: "g", broadcast: true });
