import { invalidOption } from "../../invalid-option.js";

/**
 * Reads the URL that alerts are posted to. A user and a password in it become Basic authorization, as with libcurl.
 * @throws FalcoError with InvalidArgument, without any secret that the URL may hold.
 */
export function readUrl(text: string): URL {
  const name = "outputs.http.url";
  const wanted = "expected http://host/path or https://host/path";
  if (!URL.canParse(text)) {
    const shown = text.replace(/^([^/]*\/\/)?[^/]*@/, "$1***@").replace(/[?#].*/s, "");
    throw invalidOption(`${name}: ${JSON.stringify(shown)} is no URL, ${wanted}`);
  }
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalidOption(`${name}: it begins with "${url.protocol}", ${wanted}`);
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch (cause) {
    throw invalidOption(`${name}: its user or password has a "%" that is not followed by two digits`, cause);
  }
  return url;
}
