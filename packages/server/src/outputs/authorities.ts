import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { OptionError } from "@falco-outputs/core/options";

/** The system's, where falco.yaml's `http_output.ca_path` points by default. */
const systemFolder = "/etc/ssl/certs";
/** A certificate's own file, a bundle, or the link that OpenSSL looks for. */
const fileNames = /\.(?:pem|crt|cer)$|^[0-9a-f]{8}\.\d+$/;
const certificates =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** The authorities that this machine trusts, as PEM: the system's, or if it has none, those of Node. */
export function systemAuthorities(): readonly string[] {
  const found = existsSync(systemFolder) ? readFolder(systemFolder) : [];
  return found.length > 0 ? found : rootCertificates;
}

/**
 * The certificates in a folder's files, as PEM, each once.
 * @param option What the option is called that names the folder.
 * @throws OptionError if it cannot be read, or has none.
 */
export function readAuthorities(folder: string, option: string): readonly string[] {
  let found: readonly string[];
  try {
    found = readFolder(folder);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new OptionError({ option, got: folder, expected: `a folder that can be read (${reason})`, cause });
  }
  if (found.length > 0) return found;
  throw new OptionError({ option, got: folder, expected: "a folder with certificates in PEM files" });
}

function readFolder(folder: string): readonly string[] {
  const paths = readdirSync(folder)
    .filter((name) => fileNames.test(name))
    .map((name) => join(folder, name))
    // A broken link is ignored, as by OpenSSL.
    .filter((path) => existsSync(path));
  return [...new Set(paths.flatMap((path) => readFileSync(path, "latin1").match(certificates) ?? []))];
}
