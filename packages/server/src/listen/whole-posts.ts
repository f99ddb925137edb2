import { timingSafeEqual } from "node:crypto";

const endOfHead = Buffer.from("\r\n\r\n");
/** One line for the request, then fields, each with a value; no spaces but one after the colon. RFC 9112, strictly. */
const form = /^POST \/[!-~]* HTTP\/1\.1(?:\r\n[A-Za-z-]+: [!-~](?:[ -~]*[!-~])?)+$/;
const contentLength = /\r\ncontent-length: (\d{1,7})(?=\r\n|$)/i;
/** Fields that change nothing about what is done with a post. */
const ignored: ReadonlySet<string> = new Set(["user-agent", "accept", "accept-encoding", "authorization"]);
/** Longer heads are left to others, in bytes. */
const maxHeadBytes = 2_048;
const nothing = Buffer.alloc(0);

/** What a post says before its body. */
export interface PostHead {
  /** "" if there is none. */
  readonly contentType: string;
  readonly authorization: string | undefined;
  /** The path, with its query. */
  readonly target: string;
}

/**
 * Finds posts as Falco sends them (libcurl: `host`, `user-agent`, `accept`, `content-type`, `content-length`) in what
 * arrives on one connection. A sender's heads differ in the content's length alone: one that was read is compared with
 * the next, and only another one is read.
 */
export class WholePosts {
  /** The head that was read last, before and after the digits of its content's length. */
  #before = nothing;
  #after = nothing;
  #head: PostHead = { contentType: "", authorization: undefined, target: "" };
  readonly #isEqual: (known: Buffer, bytes: Buffer, start: number) => boolean;

  /** @param areSecret Whether heads are compared in constant time. */
  constructor(areSecret = false) {
    this.#isEqual = areSecret ? isEqualInConstantTime : isEqual;
  }

  /** Of the post that was found last; another object for another head. */
  get head(): PostHead {
    return this.#head;
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
    if (digits === 0 || digits > bytes.length || !this.#isEqual(before, bytes, 0)) return -1;
    let at = digits;
    let length = 0;
    for (; at < bytes.length && isDigit(bytes[at]!); at++) length = length * 10 + bytes[at]! - 0x30;
    const start = at + after.length;
    if (at === digits || start + length !== bytes.length) return -1;
    return this.#isEqual(after, bytes, at) ? start : -1;
  }

  /** Reads a head; returns whether it has the form that is known here. */
  #readHead(bytes: Buffer): boolean {
    const end = bytes.indexOf(endOfHead);
    if (end === -1 || end > maxHeadBytes) return false;
    const head = bytes.toString("latin1", 0, end);
    const length = contentLength.exec(head);
    if (!form.test(head) || length === null) return false;
    const [line = "", ...fields] = head.split("\r\n");
    const seen = new Map<string, string>();
    for (const field of fields) {
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
    const target = line.slice("POST ".length, -" HTTP/1.1".length);
    this.#head = { contentType, authorization: others.authorization, target };
    return true;
  }
}

/** Whether some bytes begin with what is known, at `start`. */
function isEqual(known: Buffer, bytes: Buffer, start: number): boolean {
  return known.compare(bytes, start, start + known.length) === 0;
}

function isEqualInConstantTime(known: Buffer, bytes: Buffer, start: number): boolean {
  return timingSafeEqual(known, bytes.subarray(start, start + known.length));
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
