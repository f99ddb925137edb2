import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import * as web from "./index.js";
import { bundle } from "./testing/site.js";

it("exports what is decided on purpose", () => {
  expect(Object.keys(web).sort()).toEqual([
    "Code",
    "FalcoError",
    "OptionError",
    "Priority",
    "alertToJson",
    "createClient",
    "dateOf",
    "isAtLeast",
    "parsePriority",
    "priorityName",
    "priorityNames",
    "timeNs",
  ]);
});

it("is less than 44 kB with everything it needs, minified and compressed", async () => {
  const size = gzipSync(await bundle(), { level: 9 }).length;
  console.log(`@falco-outputs/web, all of it, gzip: ${size} bytes`);
  expect(size).toBeLessThan(44_000);
});
