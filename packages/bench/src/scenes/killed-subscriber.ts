import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Contestant, measureRounds, type Sample } from "../measure/rounds.js";
import { type DiaryRole, differentAlerts, entriesIn } from "../peers/diary.js";
import type { Listen, TlsFiles, Wanted } from "../peers/roles.js";
import { Cast } from "../process/cast.js";
import { temporaryFolder } from "../process/processes.js";
import { type Extent, type Scene, type SceneResult, toResult } from "../scene.js";
import { mutualTls, unixSocket } from "./listeners.js";
import { draining, ours, type Server, seenBy, startClient, startServer } from "./pairs.js";

/** When nothing came for so long, nothing comes any more. */
const quietMs = 500;
const deadlineMs = 60_000;
const acknowledging = `${ours}, acknowledging`;
const peer = "connect-node";

const about =
  "A member of a group writes each alert into a file before it asks for the next one; it is killed with SIGKILL somewhere on its way, and another member takes the rest. Lost is what neither file has. Beside it how fast such a stream is: another group is received whole. The peer shares a queue among its streams, and writes one alert at a time.";

export const killedSubscriber: Scene = {
  name: "killed-subscriber",
  title: "A subscriber killed mid-stream, unix socket",
  about,
  run: (extent) => run(extent, unixSocket, undefined),
};

export const killedSubscriberTls: Scene = {
  name: "killed-subscriber-tls",
  title: "A subscriber killed mid-stream, mutual TLS",
  about,
  async run(extent) {
    const { server, client } = await mutualTls();
    return run(extent, () => server, client);
  },
};

async function run(extent: Extent, listen: () => Listen, tls: TlsFiles | undefined): Promise<SceneResult> {
  await using cast = new Cast();
  const contestants: Contestant[] = [];
  const add = async (name: string, library: string, server: Server, acknowledge: boolean) => {
    const client = await startClient(cast, `${library}/client`, server.target, tls);
    const whole = draining(name, server, client, (round) => ({
      after: 0,
      group: `${name} ${round}, whole`,
      acknowledge,
    }));
    contestants.push({
      name,
      run: async (round) => ({
        ...(await whole.run(round)),
        ...(await killOne(library, server, tls, { after: 0, group: `${name} ${round}`, acknowledge }, round)),
      }),
    });
  };
  const server = await startServer(cast, ours, listen(), extent);
  await add(acknowledging, ours, server, true);
  await add(ours, ours, server, false);
  await add(peer, peer, await startServer(cast, peer, listen(), extent), false);
  const measured = await measureRounds(contestants, { ...extent, warmUps: 0 });
  return toResult(measured, [
    [ours, acknowledging],
    [ours, peer],
  ]);
}

async function killOne(
  library: string,
  server: Server,
  tls: TlsFiles | undefined,
  wanted: Wanted,
  round: number,
): Promise<Sample> {
  await using cast = new Cast();
  const { count } = server;
  const diaries = ["killed", "other"].map((name) => join(temporaryFolder(), `${name}.diary`));
  for (const diary of diaries) rmSync(diary, { force: true });
  const [killed, other] = diaries.map((diary) => {
    const member = cast.start<DiaryRole>(`peers/${library}/diary.js`);
    return {
      diary,
      member,
      async keep() {
        await member.do("connect", seenBy(server.target, tls));
        // One that is killed has no answer left.
        member.do("keep", wanted, diary).catch(() => undefined);
      },
    };
  });
  await killed!.keep();
  // Somewhere between a tenth and a half of the way, elsewhere in each round.
  const enough = count * (0.1 + ((round * 7) % 10) / 25);
  await entries(killed!.diary, (written) => written >= enough);
  await killed!.member.kill();
  const written = writtenIn(killed!.diary);
  if (written === count) throw new Error("the subscriber had everything before it was killed");
  await other!.keep();
  await entries(other!.diary, (_, sinceMs) => sinceMs > quietMs);
  const have = differentAlerts(diaries);
  return {
    lost: count - have,
    "taken when killed": written,
    "taken twice": written + writtenIn(other!.diary) - have,
  };
}

/** Waits for a diary: until enough is written, given how much there is, and since when there was no more. */
async function entries(
  diary: string,
  isEnough: (written: number, sinceMs: number) => boolean,
): Promise<void> {
  const startMs = performance.now();
  let last = 0;
  let lastMs = startMs;
  for (;;) {
    const written = writtenIn(diary);
    const nowMs = performance.now();
    if (written !== last) lastMs = nowMs;
    last = written;
    if (written > 0 && isEnough(written, nowMs - lastMs)) return;
    if (nowMs - startMs > deadlineMs) throw new Error(`only ${written} alerts after ${deadlineMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function writtenIn(diary: string): number {
  return existsSync(diary) ? entriesIn(statSync(diary).size) : 0;
}
