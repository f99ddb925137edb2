import { ConnectError } from "@connectrpc/connect";
import { Code } from "@falco-outputs/core";
import { isUnanswered } from "@falco-outputs/core/contract";
import type { Explain } from "@falco-outputs/core/transport";

/** What Connect says of a body that ends before its last part came. */
const cutShort = new Set(["missing EndStreamResponse", "missing trailer", "missing response body"]);

/**
 * Explains what fetch and Connect report of a failed call: what happened, and what to do. Of Connect, it matches the texts
 * of some messages, which have no code of their own.
 */
export function explainFor(url: URL, hasToken: boolean): Explain {
  return (reason) => {
    const { rawMessage, cause } = ConnectError.from(reason);
    const status = /^HTTP (\d{3})$/.exec(rawMessage)?.[1];
    if (status !== undefined) return explainStatus(status, hasToken);
    const type = /^unsupported content type (.*)/.exec(rawMessage)?.[1];
    if (type !== undefined) {
      return {
        message: `no Falco Outputs server answers here, but something that sends ${type}: does baseUrl lead to the server's web address?`,
        code: Code.Unimplemented,
      };
    }
    if (cutShort.has(rawMessage)) return lost;
    if (!(cause instanceof TypeError)) return undefined;
    return isUnanswered(cause) ? explainSilence(url) : lost;
  };
}

const lost = { message: "the connection was lost", code: Code.Unavailable };

function explainStatus(status: string, hasToken: boolean) {
  switch (status) {
    case "401":
      return {
        message: hasToken
          ? "the server does not accept this token"
          : "the server wants a token: give it as token",
        code: Code.Unauthenticated,
      };
    case "403":
      return {
        message: "the server refuses the page's origin, or the name by which it was called (HTTP 403)",
        code: Code.PermissionDenied,
      };
    case "404":
      return {
        message:
          "no Falco Outputs server answers here (HTTP 404): does baseUrl lead to the server's web address?",
        code: Code.Unimplemented,
      };
    default:
      return undefined;
  }
}

function explainSilence(url: URL) {
  const page = globalThis.location as Location | undefined;
  if (page?.protocol === "https:" && url.protocol === "http:" && !isLoopback(url.hostname)) {
    return {
      message:
        "a page that came over https cannot reach an http address (mixed content): serve Falco Outputs with TLS",
      // It would fail the same way for ever.
      code: Code.InvalidArgument,
    };
  }
  const allowed =
    page === undefined || page.origin === url.origin
      ? ""
      : `, and does it allow pages of ${page.origin} (allowedOrigins; --web-origin)`;
  return { message: `no answer: is the server running${allowed}?`, code: Code.Unavailable };
}

/** Browsers take these for as safe as https. */
function isLoopback(host: string): boolean {
  return host === "[::1]" || /^127\.\d+\.\d+\.\d+$|^(?:.+\.)?localhost$/.test(host);
}
