import type { Duplex } from "node:stream";
import type { PeerCertificate, TLSSocket } from "node:tls";

/** One alternative name of a certificate, as Node writes them; a value with special characters is a JSON string. */
const alternativeName = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
const kinds = new Set(["DNS", "URI", "email"]);

/** The names in the certificate that the other end of a connection has shown, see `namesIn`. */
export function certificateNames(socket: Duplex | undefined): readonly string[] {
  // An HTTP/2 session's socket is a proxy, of which only reading a property tells whether it is there.
  return namesIn((socket as TLSSocket | undefined)?.getPeerCertificate?.() ?? {});
}

/**
 * The DNS names, URIs and e-mail addresses among a certificate's alternative names; where there is none, its common
 * name. None at all if the alternative names cannot be read.
 */
export function namesIn({ subject, subjectaltname }: Partial<PeerCertificate>): readonly string[] {
  const alternative = subjectaltname === undefined ? [] : alternativeNames(subjectaltname);
  if (alternative === undefined || alternative.length > 0) return alternative ?? [];
  return [subject?.CN ?? []].flat();
}

function alternativeNames(text: string): string[] | undefined {
  const names: string[] = [];
  alternativeName.lastIndex = 0;
  while (alternativeName.lastIndex < text.length) {
    const match = alternativeName.exec(text);
    if (match === null) return undefined;
    const [, kind, value] = match as unknown as [string, string, string];
    if (kinds.has(kind)) names.push(value.startsWith('"') ? (JSON.parse(value) as string) : value);
  }
  return names;
}
