import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { FalcoLivenessState, type GetStatusResponseSchema } from "@falco-outputs/core/contract";
import type { ServerStats } from "../server.js";
import { version } from "../version.js";

/** Whether Falco is alive, as the embedder of a server knows it. */
export interface FalcoLiveness {
  /** "unknown" until the first sign of life is due. */
  readonly state: "alive" | "silent" | "unknown";
  /** Since when it is in this state. */
  readonly since: Date;
  /** For people. */
  readonly reason: string;
}

const livenessStates = {
  unknown: FalcoLivenessState.UNSPECIFIED,
  alive: FalcoLivenessState.ALIVE,
  silent: FalcoLivenessState.SILENT,
} as const;

/** What the status tells besides the counts. */
export interface Facts {
  readonly startedAt: Date;
  /** Empty if it is not known. */
  readonly falcoVersion: string;
  readonly addresses: readonly string[];
  readonly httpUrls: readonly string[];
  readonly liveness: FalcoLiveness | undefined;
}

/** The server's status, as the contract has it. */
export function toStatus(
  { startedAt, falcoVersion, addresses, httpUrls, liveness }: Facts,
  stats: ServerStats,
): MessageInitShape<typeof GetStatusResponseSchema> {
  const { earliestUs, latestUs } = stats;
  return {
    version,
    startedAt: timestampFromDate(startedAt),
    falcoVersion,
    addresses: [...addresses],
    httpUrls: [...httpUrls],
    log: {
      appended: BigInt(stats.appended),
      retained: BigInt(stats.retained),
      retainedBytes: BigInt(stats.retainedBytes),
      firstSequence: BigInt(stats.first),
      lastSequence: BigInt(stats.last),
      ...(earliestUs !== undefined && { earliest: toTimestamp(earliestUs) }),
      ...(latestUs !== undefined && { latest: toTimestamp(latestUs) }),
    },
    streams: stats.streams,
    groups: byName(stats.groups, ({ members, ...counts }) => ({ members, ...toBigInts(counts) })),
    inputs: byName(stats.inputs, ({ refused, ...counts }) => toBigInts(counts)),
    outputs: byName(stats.outputs, ({ filtered, ...counts }) => toBigInts(counts)),
    ...(liveness && {
      falcoLiveness: {
        state: livenessStates[liveness.state],
        since: timestampFromDate(liveness.since),
        reason: liveness.reason,
      },
    }),
  };
}

function toTimestamp(timeUs: number) {
  const seconds = Math.floor(timeUs / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (timeUs - seconds * 1_000_000) * 1_000 };
}

function byName<Counts, Message>(
  record: Readonly<Record<string, Counts>>,
  toMessage: (counts: Counts) => Message,
): ({ name: string } & Message)[] {
  return Object.keys(record)
    .sort()
    .map((name) => ({ name, ...toMessage(record[name]!) }));
}

function toBigInts<Name extends string>(counts: Readonly<Record<Name, number>>): Record<Name, bigint> {
  const entries = Object.entries<number>(counts).map(([name, count]) => [name, BigInt(count)]);
  return Object.fromEntries(entries) as Record<Name, bigint>;
}
