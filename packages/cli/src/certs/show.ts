import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { printableJson } from "@falco-outputs/core/printable";
import { aligned } from "../print/aligned.js";
import { say } from "../print/line-writer.js";

interface Shown {
  readonly file: string;
  readonly subject: string;
  readonly issuer: string;
  readonly use: string;
  /** As OpenSSL writes them, e.g. `DNS:falco.example, IP Address:10.0.0.1`. */
  readonly names: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days until it expires; negative for one that has expired. */
  readonly days: number;
  readonly sha256: string;
}

const dayMs = 24 * 60 * 60 * 1_000;
const block = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;
const maxBytes = 1_048_576;

/** Prints the certificates of a file, or of a folder's .crt and .pem files. */
export async function show(path: string, output: string): Promise<void> {
  const shown = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.(crt|pem)$/.test(name))
        .sort()
        .flatMap((name) => certificatesIn(join(path, name)))
    : certificatesIn(path);
  if (shown.length === 0) throw new Error(`${path}: there is no certificate in PEM`);
  await say(output === "json" ? printableJson(JSON.stringify(shown)) : table(shown).join("\n"));
}

function table(shown: readonly Shown[]): string[] {
  return aligned(
    ["FILE", "SUBJECT", "USE", "NAMES", "EXPIRES", "DAYS"],
    shown.map(({ file, subject, use, names, notAfter, days }) => [
      basename(file),
      subject,
      use,
      names.replace(/(DNS|IP Address):/g, ""),
      notAfter,
      days,
    ]),
  );
}

function certificatesIn(file: string): Shown[] {
  if (statSync(file).size > maxBytes) throw new Error(`${file}: is larger than ${maxBytes} bytes`);
  const blocks = readFileSync(file, "utf8").match(block) ?? [];
  return blocks.map((pem) => shownOf(file, read(file, pem)));
}

function read(file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}

function shownOf(file: string, certificate: X509Certificate): Shown {
  const expires = new Date(certificate.validTo);
  return {
    file,
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    use: useOf(certificate),
    names: certificate.subjectAltName ?? "",
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: expires.toISOString(),
    days: Math.floor((expires.getTime() - Date.now()) / dayMs),
    sha256: certificate.fingerprint256,
  };
}

/** The common name; else the whole name. */
function nameOf(name: string | undefined): string {
  return /^CN=(.*)$/m.exec(name ?? "")?.[1] ?? (name ?? "").replaceAll("\n", ", ");
}

function useOf({ ca, keyUsage }: X509Certificate): string {
  if (ca) return "authority";
  // None says that it may be used for anything. Node's types leave that out.
  const usages = keyUsage as string[] | undefined;
  if (usages === undefined) return "any";
  const known = { "1.3.6.1.5.5.7.3.1": "server", "1.3.6.1.5.5.7.3.2": "client" };
  return usages.map((oid) => known[oid as keyof typeof known] ?? oid).join(", ");
}
