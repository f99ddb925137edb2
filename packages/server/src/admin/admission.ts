import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { OptionError } from "@falco-outputs/core/options";

/** Who may ask, besides those on unix sockets and in the same process. */
export interface AdminOptions {
  /**
   * The names of client certificates, over mutual TLS: a DNS name, URI or e-mail address among its alternative names,
   * or, where it has none of those, its common name. Compared as they are. Default: none.
   */
  allowedNames?: readonly string[];
}

/** Where a request comes in. */
export type Entrance = "unix socket" | "in-process" | "mutual TLS" | "plain TCP";

/** The names in the certificate that the client has shown; none without one. */
export const certificateNamesKey = createContextKey<() => readonly string[]>(() => []);

/** How much of a certificate's names an error shows, in UTF-16 units. */
const maxShown = 500;

/** Decides who may call the admin service. */
export class Admission {
  readonly #allowedNames: ReadonlySet<string>;

  /** @throws OptionError for what is not a list of names. */
  constructor({ allowedNames = [] }: AdminOptions = {}) {
    if (!Array.isArray(allowedNames)) {
      throw new OptionError({ option: "admin.allowedNames", got: allowedNames, expected: "a list of names" });
    }
    for (const [index, name] of allowedNames.entries()) {
      if (typeof name === "string" && name !== "") continue;
      throw new OptionError({
        option: `admin.allowedNames[${index}]`,
        got: name,
        expected: "a name in a client's certificate",
      });
    }
    this.#allowedNames = new Set(allowedNames);
  }

  /** @throws ConnectError with PermissionDenied if the caller may not. */
  assertAdmitted(entrance: Entrance, context: HandlerContext): void {
    if (entrance === "unix socket" || entrance === "in-process") return;
    if (entrance === "plain TCP") {
      throw denied("it is not served without TLS, but on unix sockets, and over mutual TLS to allowed names");
    }
    const names = context.values.get(certificateNamesKey)();
    if (names.some((name) => this.#allowedNames.has(name))) return;
    const seen = names.map((name) => JSON.stringify(name)).join(", ");
    throw denied(
      `none of the names of the client's certificate is allowed: ${seen === "" ? "it has none" : seen.slice(0, maxShown)}`,
    );
  }
}

function denied(reason: string): ConnectError {
  return new ConnectError(`the admin service: ${reason}`, Code.PermissionDenied);
}
