import { UsageError } from "../usage-error.js";

interface Certificates {
  private_key?: string | undefined;
  cert_chain?: string | undefined;
  root_certs?: string | undefined;
}

/** What mutual TLS takes, of the block that `key` names; undefined if it names none. */
export function mutualTls(
  key: string,
  block: Certificates,
): { cert: string; key: string; ca: string } | undefined {
  const { private_key, cert_chain, root_certs } = block;
  if (private_key !== undefined && cert_chain !== undefined && root_certs !== undefined) {
    return { cert: cert_chain, key: private_key, ca: root_certs };
  }
  if ((private_key ?? cert_chain ?? root_certs) === undefined) return undefined;
  const missing = (["private_key", "cert_chain", "root_certs"] as const).find(
    (name) => block[name] === undefined,
  );
  throw new UsageError(`${key}.${missing}: is missing: private_key, cert_chain and root_certs go together`);
}
