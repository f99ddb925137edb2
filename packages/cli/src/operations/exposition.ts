import { Registry } from "prom-client";

/** What a scraper is sent. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** falco-exporter's counter has no `_total`, which OpenMetrics asks of a counter; dashboards know it by its name. */
const unsuffixed = "falco_events";

/** The metrics in the form that is accepted: OpenMetrics if it is preferred, else Prometheus' text. */
export async function exposed(registry: Registry, accept: string | undefined): Promise<Exposition> {
  const text = await registry.metrics();
  return prefersOpenMetrics(accept)
    ? { contentType: Registry.OPENMETRICS_CONTENT_TYPE, text: toOpenMetrics(text) }
    : { contentType: Registry.PROMETHEUS_CONTENT_TYPE, text };
}

/** prom-client writes OpenMetrics only with other names in Prometheus' text from then on. */
function toOpenMetrics(text: string): string {
  const lines = text.split("\n").filter((line) => line !== "");
  const told = lines.map((line) => {
    if (line === `# TYPE ${unsuffixed} counter`) return `# TYPE ${unsuffixed} unknown`;
    return line.replace(/^(# (?:HELP|TYPE) \w+?)_total /, "$1 ");
  });
  return `${told.join("\n")}\n# EOF\n`;
}

const openMetrics = "application/openmetrics-text";
const plain = "text/plain";

function prefersOpenMetrics(accept = ""): boolean {
  const weights = new Map<string, number>();
  for (const range of accept.slice(0, 1_024).split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = Number(parameters.find((part) => part.startsWith("q="))?.slice("q=".length) ?? 1);
    weights.set(type, Math.max(weights.get(type) ?? 0, weight));
  }
  const weight = weights.get(openMetrics) ?? 0;
  return weight > 0 && weight >= (weights.get(plain) ?? 0);
}
