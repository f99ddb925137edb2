import type { ExpectedAlert, ExpectedLoss } from "./case.js";
import type { Published } from "./published.js";

/** The alert by which the server tells that loss. Its time is the server's clock's. */
export function lossAlert({ cause, range, lost }: ExpectedLoss, published: Published): ExpectedAlert {
  const told = range && {
    lost: String(lost ?? range[1] - range[0] + 1),
    first_sequence: String(published.at({ of: range[0] })),
    last_sequence: String(published.at({ of: range[1] })),
  };
  const text =
    told === undefined
      ? "the server has another log than before: what was not delivered from that one is lost"
      : `${told.lost === "1" ? "1 alert was" : `${told.lost} alerts were`} lost, with sequence numbers from ${told.first_sequence} to ${told.last_sequence}`;
  return {
    time: "now",
    priority: 4,
    source_deprecated: 2,
    rule: "Falco Outputs internal: alerts lost",
    output: `Falco Outputs internal: ${text} (${cause})`,
    output_fields: { cause, ...told },
    source: "internal",
  };
}
