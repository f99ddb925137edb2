// What @peculiar/x509 is built on demands it, first of all.
import "reflect-metadata";
import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Subject } from "./subject.js";

x509.cryptoProvider.set(webcrypto as Crypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 24 * 60 * 60 * 1_000;
/** How far the clock of who checks a certificate may be behind. */
const skewMs = 60 * 60 * 1_000;
const uses = {
  server: x509.ExtendedKeyUsage.serverAuth,
  client: x509.ExtendedKeyUsage.clientAuth,
} as const;

/** A certificate and its private key, as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** Signs certificates. */
export class Authority {
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.#certificate = certificate;
    this.#key = key;
  }

  /** @param days How long it is valid. */
  static async create(days: number): Promise<Authority> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      // One authority is not taken for another, whose certificates it did not sign.
      name: `CN=Falco Outputs authority ${randomBytes(4).toString("hex")}`,
      ...validity(days),
      keys: keys as CryptoKeyPair,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
      ],
    });
    return new Authority(certificate, keys.privateKey);
  }

  /** @throws Error that says what is wrong with the PEM, without showing it. */
  static async read({ cert, key }: Identity): Promise<Authority> {
    const certificate = new x509.X509Certificate(cert);
    const privateKey = createPrivateKey(key);
    if (privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
      throw new Error("expected a P-256 key");
    }
    const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
    if (!publicKey.equals(Buffer.from(certificate.publicKey.rawData))) {
      throw new Error("the key is not that of the certificate");
    }
    if (certificate.getExtension(x509.BasicConstraintsExtension)?.ca !== true) {
      throw new Error("the certificate is not an authority's");
    }
    const pkcs8 = privateKey.export({ type: "pkcs8", format: "der" });
    const signing = await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
    return new Authority(certificate, signing);
  }

  /** Its own. */
  identity(): Promise<Identity> {
    return pem(this.#certificate, this.#key);
  }

  /**
   * @param days How long the certificate is valid.
   * @throws Error if the authority's own would expire before.
   */
  async issue({ name, use, alternativeNames }: Subject, days: number): Promise<Identity> {
    const { notBefore, notAfter } = validity(days);
    const end = this.#certificate.notAfter;
    // The authority may have been made for the same time, a moment ago.
    if (notAfter.getTime() - end.getTime() > skewMs) {
      throw new Error(
        `a certificate of ${days} days would outlive its authority, which expires on ${end.toISOString()}`,
      );
    }
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: [{ CN: [name] }],
      issuer: this.#certificate.subjectName,
      notBefore,
      notAfter: new Date(Math.min(notAfter.getTime(), end.getTime())),
      publicKey: keys.publicKey as CryptoKey,
      signingKey: this.#key as CryptoKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([uses[use]]),
        new x509.SubjectAlternativeNameExtension([...alternativeNames]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
      ],
    });
    return pem(certificate, keys.privateKey);
  }
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - skewMs), notAfter: new Date(now + days * dayMs) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function pem(certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<Identity> {
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", key);
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`,
  };
}
