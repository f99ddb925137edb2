import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lacks } from "@falco-outputs/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { definitionOf } from "../args/definition.js";
import { createProgram } from "../program.js";
import { ran } from "../testing/in-process.js";
import { type Shell, shells } from "./shells.js";
import { commandPaths } from "./words.js";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "completion-"));
  for (const shell of shells) writeFileSync(join(folder, shell), (await ran("completion", shell)).out);
  writeFileSync(join(folder, "some alerts.jsonl"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a shell in the folder; returns the lines that it prints. */
function linesOf(program: string, args: readonly string[]): string[] {
  const env = { PATH: process.env.PATH, HOME: folder, TERM: "dumb" };
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    env,
    encoding: "utf8",
    timeout: 20_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n").filter((line) => line !== "");
}

/** What a shell that has loaded the script offers for the last of the words. */
const offered: Readonly<Record<Shell, (words: readonly string[]) => string[]>> = {
  bash: (words) => {
    const line = words.map((word) => `'${word}'`).join(" ");
    const script = `source ./bash; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}
$(complete -p falco-outputs | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf("bash", ["--norc", "--noprofile", "-c", script]);
  },
  zsh: (words) => {
    const offers = join(folder, "offers");
    writeFileSync(offers, "");
    // A shell with a line editor, whose tab key writes down what is offered in place of showing it.
    const inner = `PS1='ready> '; autoload -Uz compinit; compinit -u -D; source ./zsh
compadd() {
  local -a found
  if [[ $* != *-[ADO]\\ * ]]; then builtin compadd -O found "$@"; print -rl -- $found >> ${offers}; fi
  builtin compadd "$@"
}
done-with() { zle complete-word; print -r -- end >> ${offers} }
zle -N done-with; bindkey '^I' done-with`;
    writeFileSync(join(folder, "inner.zsh"), inner);
    const script = `zmodload zsh/zpty; zpty shell zsh -f -i
zpty -w shell 'source ./inner.zsh'; zpty -r -m shell nothing '*ready> *'
zpty -w -n shell $'${words.join(" ")}\\t'
until grep -q '^end$' ${offers}; do zpty -r -t shell output || sleep 0.01; done`;
    linesOf("zsh", ["-f", "-c", script]);
    return readFileSync(offers, "utf8")
      .split("\n")
      .filter((line) => line !== "" && line !== "end");
  },
  fish: (words) => {
    const script = `source ./fish; complete -C '${words.join(" ")}'`;
    return linesOf("fish", ["--no-config", "-c", script]).map((line) => line.split("\t")[0]!);
  },
};

const program = definitionOf(createProgram());

describe.each(shells)("%s", (shell) => {
  const isMissing = lacks(
    shell,
    spawnSync(shell, ["--version"]).error === undefined,
    `apt-get install ${shell}`,
  );
  const offers = (...words: string[]) => offered[shell](["falco-outputs", ...words]).sort();

  it.skipIf(isMissing)("offers the commands", () => {
    expect(offers("")).toEqual(expect.arrayContaining(program.commands.map(({ name }) => name)));
    expect(offers("comp")).toEqual(["completion"]);
  });

  it
    .skipIf(isMissing)
    .each(commandPaths(program).map(({ path, command }) => [path.join(" "), command] as const))(
    "offers every flag of: %s",
    (path, { flags }) => {
      const names = flags.flatMap((flag) => flag.names.filter((name) => name.startsWith("--")));
      const found = offers(...path.split(" ").filter((word) => word !== ""), "--");
      expect(found.map((flag) => flag.replace(/=$/, ""))).toEqual(names.sort());
    },
  );

  it.skipIf(isMissing)("offers a flag's choices", () => {
    expect(offers("get", "--output", "")).toEqual(["compact", "dict", "json", "jsonpb", "table"]);
    expect(offers("get", "--follow", "-o", "j")).toEqual(["json", "jsonpb"]);
    expect(offers("sub", "--rule", "x", "--min-priority", "w")).toEqual(["warning"]);
  });

  it.skipIf(isMissing)("offers files where a path is expected, and only there", () => {
    expect(offers("get", "--input", "some")).toEqual([expect.stringMatching(/^some\\? alerts\.jsonl$/)]);
    expect(offers("get", "--group", "some")).toEqual([]);
  });

  it.skipIf(isMissing)("offers an argument's choices", () => {
    expect(offers("completion", "")).toEqual(expect.arrayContaining([...shells]));
  });
});
