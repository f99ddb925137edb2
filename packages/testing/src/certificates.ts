// What @peculiar/x509 is built on demands it, first of all.
import "reflect-metadata";
import { randomUUID, webcrypto } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto as Crypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 24 * 60 * 60 * 1000;

/** A certificate and its private key, as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface IdentityOptions {
  /** DNS names and IP addresses that the certificate is for. */
  names?: readonly string[];
  /** Days from now until the certificate ends; negative for one that has expired. Default: 1. */
  days?: number;
}

/** A certificate authority that lives as long as a test. */
export class Authority {
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;

  private constructor(keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#keys = keys;
    this.#certificate = certificate;
  }

  static async create(): Promise<Authority> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      // A name of its own, as authorities have: one of the same name would pass for this until signatures are compared.
      name: `CN=Falco Outputs test authority ${randomUUID()}`,
      notBefore: new Date(Date.now() - 30 * day),
      notAfter: new Date(Date.now() + day),
      keys: keys as CryptoKeyPair,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new Authority(keys, certificate);
  }

  /** The authority's own certificate, as PEM. */
  get ca(): string {
    return this.#certificate.toString("pem");
  }

  async issue({ names = ["localhost", "127.0.0.1"], days = 1 }: IdentityOptions = {}): Promise<Identity> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${names[0]}`,
      issuer: this.#certificate.subject,
      notBefore: new Date(Date.now() - 20 * day),
      notAfter: new Date(Date.now() + days * day),
      publicKey: keys.publicKey as CryptoKey,
      signingKey: this.#keys.privateKey as CryptoKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({
            type: /^[\d.]+$|:/.test(value) ? ("ip" as const) : ("dns" as const),
            value,
          })),
        ),
      ],
    });
    const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
    return { cert: certificate.toString("pem"), key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY") };
  }
}

/** Writes PEM files into a folder as Falco names them; returns their paths. */
export function writeIdentity(folder: string, name: "server" | "client", ca: string, identity: Identity) {
  mkdirSync(folder, { recursive: true });
  const paths = {
    ca: join(folder, "ca.crt"),
    cert: join(folder, `${name}.crt`),
    key: join(folder, `${name}.key`),
  };
  writeFileSync(paths.ca, ca);
  writeFileSync(paths.cert, identity.cert);
  writeFileSync(paths.key, identity.key, { mode: 0o600 });
  return paths;
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}
