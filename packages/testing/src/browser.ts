import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

export type { Browser, Page } from "playwright-core";

/** Where Debian and Ubuntu put it. */
const executablePath = "/usr/bin/chromium";

const installed = existsSync(executablePath);
if (!installed) {
  console.warn(
    `\n*** ${executablePath} is not there: the tests in a real browser do NOT run (apt-get install chromium) ***\n`,
  );
}

/** Whether tests in a browser cannot run. In CI they run all the same, and fail. */
export const withoutChromium = !installed && !process.env.CI;

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      // A container has no namespaces for it, and its pages are our own.
      "--no-sandbox",
      "--headless",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}
