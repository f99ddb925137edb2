import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../args/usage-error.js";

interface Certificates {
  private_key?: string | undefined;
  cert_chain?: string | undefined;
  root_certs?: string | undefined;
}

export interface MutualTls {
  cert: string;
  key: string;
  ca: string;
}

const names = ["private_key", "cert_chain", "root_certs"] as const;

/** What mutual TLS needs, from the block that `key` names; undefined if it has no certificates. */
export function mutualTls(key: string, block: Certificates): MutualTls | undefined {
  const { private_key, cert_chain, root_certs } = block;
  if (private_key !== undefined && cert_chain !== undefined && root_certs !== undefined) {
    return { cert: cert_chain, key: private_key, ca: root_certs };
  }
  if ((private_key ?? cert_chain ?? root_certs) === undefined) return undefined;
  const missing = names.find((name) => block[name] === undefined);
  throw new UsageError(`${key}.${missing}: is missing: private_key, cert_chain and root_certs go together`);
}

/**
 * What mutual TLS needs, from falco.yaml's block `grpc`, whose keys have defaults.
 * @param folder Where Falco has its certificates.
 * @throws UsageError that names a default that cannot be read.
 */
export function falcosMutualTls(block: Certificates, folder = "/etc/falco/certs"): MutualTls {
  const fileOf = (name: (typeof names)[number], fallback: string) => {
    const file = block[name];
    if (file !== undefined) return file;
    const path = join(folder, fallback);
    const reason = whyUnreadable(path);
    if (reason === undefined) return path;
    throw new UsageError(
      `grpc.${name}: is missing, and Falco's default ${path} cannot be read (${reason}): expected private_key, cert_chain and root_certs (mutual TLS), or insecure: true`,
    );
  };
  return {
    key: fileOf("private_key", "server.key"),
    cert: fileOf("cert_chain", "server.crt"),
    ca: fileOf("root_certs", "ca.crt"),
  };
}

function whyUnreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}
