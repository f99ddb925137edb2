import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { lacks } from "./lacks.js";

export type { Browser, Page } from "playwright-core";

/** Where Debian and Ubuntu put it. */
const executablePath = "/usr/bin/chromium";

/** Whether tests in a browser are left out here. */
export const withoutChromium = lacks(
  `a browser (${executablePath})`,
  existsSync(executablePath),
  "apt-get install chromium",
);

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
