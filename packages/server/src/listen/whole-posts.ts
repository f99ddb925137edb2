const endOfHead = Buffer.from("\r\n\r\n");
/** One line for the request, then fields, each with a value; no spaces but one after the colon. RFC 9112, strictly. */
const form = /^POST \/[!-~]* HTTP\/1\.1(?:\r\n[A-Za-z-]+: [!-~](?:[ -~]*[!-~])?)+$/;
const contentLength = /\r\ncontent-length: (\d{1,7})(?=\r\n|$)/i;
/** Fields that change nothing about what is done with a post. */
const ignored: ReadonlySet<string> = new Set(["user-agent", "accept", "accept-encoding"]);
/** Longer heads are left to others, in bytes. */
const maxHeadBytes = 2_048;
const nothing = Buffer.alloc(0);

/**
 * Finds posts as Falco sends them (libcurl: `host`, `user-agent`, `accept`, `content-type`, `content-length`) in what
 * arrives on one connection. A sender's heads differ in the content's length alone: one that was read is compared with
 * the next, and only another one is read.
 */
export class WholePosts {
  /** The head that was read last, before and after the digits of its content's length. */
  #before = nothing;
  #after = nothing;
  #contentType = "";

  /** Of the post that was found last; "" if it had none. */
  get contentType(): string {
    return this.#contentType;
  }

  /**
   * Where the body starts in one whole post, which ends with `bytes`. -1 for everything else, however valid: a request in
   * parts, two of them, another method, version or coding, a field that is not known here, or is there twice.
   */
  bodyOf(bytes: Buffer): number {
    const known = this.#bodyAfterKnown(bytes);
    if (known !== -1) return known;
    return this.#readHead(bytes) ? this.#bodyAfterKnown(bytes) : -1;
  }

  #bodyAfterKnown(bytes: Buffer): number {
    const before = this.#before;
    const after = this.#after;
    const digits = before.length;
    if (digits === 0 || digits > bytes.length || before.compare(bytes, 0, digits) !== 0) return -1;
    let at = digits;
    let length = 0;
    for (; at < bytes.length && isDigit(bytes[at]!); at++) length = length * 10 + bytes[at]! - 0x30;
    const start = at + after.length;
    if (at === digits || start + length !== bytes.length) return -1;
    return after.compare(bytes, at, start) === 0 ? start : -1;
  }

  /** Reads a head; returns whether it has the form that is known here. */
  #readHead(bytes: Buffer): boolean {
    const end = bytes.indexOf(endOfHead);
    if (end === -1 || end > maxHeadBytes) return false;
    const head = bytes.toString("latin1", 0, end);
    const length = contentLength.exec(head);
    if (!form.test(head) || length === null) return false;
    const seen = new Map<string, string>();
    for (const field of head.split("\r\n").slice(1)) {
      const colon = field.indexOf(":");
      const name = field.slice(0, colon).toLowerCase();
      if (seen.has(name)) return false;
      seen.set(name, field.slice(colon + 2));
    }
    const {
      host,
      "content-length": _,
      "content-type": contentType = "",
      ...others
    } = Object.fromEntries(seen);
    if (host === undefined || !Object.keys(others).every((name) => ignored.has(name))) return false;
    const digits = length.index + length[0].length - length[1]!.length;
    this.#before = Buffer.from(bytes.subarray(0, digits));
    this.#after = Buffer.from(bytes.subarray(length.index + length[0].length, end + endOfHead.length));
    this.#contentType = contentType;
    return true;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
