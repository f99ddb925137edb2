import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OldFalco } from "@falco-outputs/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";

let folder: string;
let address: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "version-"));
  address = join(folder, "falco.sock");
});
afterEach(() => rmSync(folder, { recursive: true }));

it("lets no control character of a server's answer reach the terminal", async () => {
  const version = "0.43\u001b[2J\u009b31m\u007f\n\u2028";
  const falco = await OldFalco.start(address, { version });
  expect(await ran("version", "-a", address)).toEqual({
    status: 0,
    out: "0.43\\x1b[2J\\x9b31m\\x7f\\n\\u2028\n",
    err: "",
  });
  const { out } = await ran("version", "-a", address, "-o", "json");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(out.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
  expect(JSON.parse(out)).toMatchObject({ version });
  await falco.stop();
});
