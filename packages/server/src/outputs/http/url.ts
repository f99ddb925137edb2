import { OptionError } from "@falco-outputs/core/options";

/**
 * Reads the URL that alerts are posted to. A user and a password in it become Basic authorization, as with libcurl.
 * @throws FalcoError with InvalidArgument, without any secret that the URL may hold.
 */
export function readUrl(text: string): URL {
  const option = "outputs.http.url";
  const expected = "http://host/path or https://host/path";
  if (!URL.canParse(text)) {
    const shown = text.replace(/^([^/]*\/\/)?[^/]*@/, "$1***@").replace(/[?#].*/s, "");
    throw new OptionError({ option, got: shown, expected });
  }
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new OptionError({ option, got: `${url.protocol}…`, expected });
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch (cause) {
    throw new OptionError({
      option,
      expected: 'a user and a password in which two hexadecimal digits follow each "%"',
      cause,
    });
  }
  return url;
}
