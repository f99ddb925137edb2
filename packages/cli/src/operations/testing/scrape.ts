export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What `/metrics` answered. */
export class Scrape {
  readonly contentType: string;
  readonly text: string;

  constructor(contentType: string, text: string) {
    this.contentType = contentType;
    this.text = text;
  }

  /** What a metric is said to be. */
  type(name: string): string | undefined {
    return new RegExp(`^# TYPE ${name} (\\w+)$`, "m").exec(this.text)?.[1];
  }

  samples(name: string): Sample[] {
    return [...this.text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, "gm"))].map(
      ([, labels = "", value]) => ({
        labels: Object.fromEntries(
          [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [
            label,
            text!.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped)),
          ]),
        ),
        value: Number(value),
      }),
    );
  }

  /** The value of the sample with these labels. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return this.samples(name).find((sample) =>
      Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
    )?.value;
  }
}

/** Asks an operations listener for its metrics. */
export async function scrape(url: string, accept = "text/plain"): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`, { headers: { accept } });
  return new Scrape(response.headers.get("content-type") ?? "", await response.text());
}
