import { type Command, Option } from "commander";
import { collect, parseDays } from "../args/parsers.js";

const leafDays = 365;
const authorityDays = 3650;

export function addCertsCommand(program: Command): void {
  const certs = program
    .command("certs")
    .description("Make and show certificates for mutual TLS")
    .addHelpText(
      "after",
      `
Keys are P-256. Every file has mode 0600; none is overwritten without --force.

falco-outputs certs init certs --host falco.example
falco-outputs certs client pager --dir certs
falco-outputs certs show certs`,
    );
  withCommonOptions(withHosts(certs.command("init")))
    .description("Make an authority (ca.crt, ca.key) and a server's certificate (server.crt, server.key)")
    .argument("<folder>", "where to write the files; made if it does not exist")
    .option("--ca-days <days>", `how long the authority is valid (default: ${authorityDays})`, parseDays)
    .addHelpText("after", "\nWith --force, certificates of the folder's previous authority no longer work.")
    .action(async (folder, { caDays = authorityDays, days = leafDays, ...options }) =>
      (await import("./certs.js")).initialize(folder, { caDays, days, ...options }),
    );
  withCommonOptions(inFolder(withHosts(certs.command("server"))))
    .description("Make another server's certificate (server.crt, server.key), or the next one with --force")
    .action(async ({ dir = ".", days = leafDays, ...options }) =>
      (await import("./certs.js")).issueServer(dir, { days, ...options }),
    );
  withCommonOptions(inFolder(certs.command("client")))
    .description("Make a client's certificate (NAME.crt, NAME.key)")
    .argument("<name>", "who the client is: letters, digits, dots, dashes and underscores")
    .action(async (name, { dir = ".", days = leafDays, ...options }) =>
      (await import("./certs.js")).issueClient(dir, name, { days, ...options }),
    );
  certs
    .command("show")
    .description("Print what certificates are for, and when they expire")
    .argument("<path>", "a file with certificates (PEM), or a folder with .crt and .pem files")
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"))
    .action(async (path, { output }) => (await import("./show.js")).show(path, output));
}

function withHosts(command: Command): Command {
  return command.addOption(
    new Option(
      "--host <name>",
      "a DNS name or an IP address by which clients call the server; may be repeated",
    )
      .argParser(collect)
      .makeOptionMandatory(),
  );
}

function inFolder(command: Command): Command {
  return command.option(
    "--dir <folder>",
    "the authority's folder, also for what is made (default: this one)",
  );
}

function withCommonOptions(command: Command): Command {
  return command
    .option("--days <days>", `how long the certificate is valid (default: ${leafDays})`, parseDays)
    .option("--force", "overwrite files");
}
