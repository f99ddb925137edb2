import { Argument, type Command } from "commander";
import { type Shell, shells } from "./shells.js";

const notes = `
For this shell only, or in its start-up file:
  bash  source <(falco-outputs completion bash)
  zsh   source <(falco-outputs completion zsh)     after compinit
  fish  falco-outputs completion fish | source
For all users:
  bash  falco-outputs completion bash > /usr/share/bash-completion/completions/falco-outputs
  zsh   falco-outputs completion zsh > /usr/local/share/zsh/site-functions/_falco-outputs
  fish  falco-outputs completion fish > /etc/fish/completions/falco-outputs.fish`;

export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description("Print what a shell needs to complete this command")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .addHelpText("after", notes)
    .action(async (shell: Shell) => (await import("./completion.js")).completion(shell, program));
}
