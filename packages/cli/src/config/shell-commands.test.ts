import { afterEach, expect, it, vi } from "vitest";
import { shellCommands } from "./shell-commands.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  ["cat", [["cat"]]],
  ["a -b | c 'd e' && f; g", [["a", "-b"], ["c", "d e"], ["f"], ["g"]]],
  [`a --b="c d"'e' f\\ g`, [["a", "--b=c de", "f g"]]],
  ["a 2>&1 -b >/dev/null", [["a", "-b", "/dev/null"]]],
  [`a "\${SET}" $SET '$SET' $UNSET`, [["a", "x", "x", "$SET", "$UNSET"]]],
  ["a\nb", [["a"], ["b"]]],
  ["", []],
])("%j", (line, commands) => {
  vi.stubEnv("SET", "x");
  vi.stubEnv("UNSET", undefined);
  expect(shellCommands(line)).toEqual(commands);
});
