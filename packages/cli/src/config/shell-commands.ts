/** A redirection, so that its digit and its "&" are taken for nothing else; a word, with its quotes; a command's end. */
const tokens =
  /\d*(?:>>|>|<)(?:&\d?)?|(?<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\|&;()<>])+)|(?<end>[|&;()\n]+)/gs;
/** The parts of a word. */
const parts = /'(?<single>[^']*)'|"(?<double>(?:\\.|[^"\\])*)"|(?<bare>(?:\\.|[^'"\\])+)/gs;

/** The words of each command in a shell's line: so much of the shell as it takes to see what is started with what. */
export function shellCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const { groups } of line.matchAll(tokens)) {
    if (groups?.word !== undefined) commands.at(-1)!.push(unquoted(groups.word));
    else if (groups?.end !== undefined) commands.push([]);
  }
  return commands.filter((words) => words.length > 0);
}

function unquoted(word: string): string {
  return word.replace(parts, (...match) => {
    const { single, double, bare } = match.at(-1) as Record<string, string | undefined>;
    return single ?? expanded(double ?? bare ?? "").replace(/\\(.)/gs, "$1");
  });
}

/** Variables that there are not stay: what they will be is not known. */
function expanded(text: string): string {
  return text.replace(
    /(?<!\\)\$(?:\{(\w+)\}|(\w+))/g,
    (variable, braced: string | undefined, plain: string) => process.env[braced ?? plain] ?? variable,
  );
}
