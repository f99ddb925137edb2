import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { VersionService } from "@falco-outputs/core/contract";
import { OptionError } from "@falco-outputs/core/options";

/** Where Falco's version comes from. */
export type FalcoVersionSource =
  /** The version itself, e.g. "0.44.1". */
  | { version: string }
  /** Falco's own web server, e.g. "http://localhost:8765"; asked for `/versions` when needed, once a minute at most. */
  | { webserver: string };

const semver =
  /^v?(?<major>\d{1,9})\.(?<minor>\d{1,9})\.(?<patch>\d{1,9})(?:-(?<prerelease>[\w.-]+))?(?:\+(?<build>[\w.-]+))?$/;
const cacheMs = 60_000;
const timeoutMs = 5_000;
const maxAnswerBytes = 64 * 1024;

/**
 * The version of the Falco behind the server.
 * @throws ConnectError with Unavailable if it is not known.
 */
export type FalcoVersion = () => VersionParts | Promise<VersionParts>;

/** @throws OptionError for a source that cannot be one. */
export function falcoVersion(source: FalcoVersionSource | undefined): FalcoVersion {
  if (source === undefined) {
    return () => {
      throw new ConnectError(
        "Falco's version is unknown here: start the server with --falco-version, or with the address of Falco's web server, --falco-url",
        Code.Unavailable,
      );
    };
  }
  if ("version" in source) {
    const response = parts(source.version);
    return () => response;
  }
  const url = versionsUrl(source.webserver);
  let cached: { until: number; answer: Promise<VersionParts> } | undefined;
  return () => {
    if (cached === undefined || cached.until < Date.now()) {
      const answer = ask(url);
      cached = { until: Date.now() + cacheMs, answer };
      answer.catch(() => {
        cached = undefined;
      });
    }
    return cached.answer;
  };
}

/** `falco.version.service`. What Falco does not say (`engine_fields_checksum`) stays empty. */
export function versionService(falco: FalcoVersion): ServiceImpl<typeof VersionService> {
  return { version: async () => ({ ...(await falco()) }) };
}

function versionsUrl(webserver: string): URL {
  if (/^https?:\/\//.test(webserver) && URL.canParse(webserver)) {
    return new URL("versions", webserver.endsWith("/") ? webserver : `${webserver}/`);
  }
  throw new OptionError({
    option: "falco.webserver",
    got: webserver,
    expected: 'a URL, e.g. "http://localhost:8765"',
  });
}

interface VersionParts {
  version: string;
  major: number;
  minor: number;
  patch: number;
  prerelease: string;
  build: string;
}

/** @throws OptionError for what is not a version. */
function parts(version: string): VersionParts {
  const groups = semver.exec(version)?.groups;
  if (groups === undefined) {
    throw new OptionError({ option: "falco.version", got: version, expected: 'a version, e.g. "0.44.1"' });
  }
  const { major, minor, patch, prerelease = "", build = "" } = groups;
  return { version, major: Number(major), minor: Number(minor), patch: Number(patch), prerelease, build };
}

async function ask(url: URL): Promise<VersionParts & Record<string, unknown>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    const versions = JSON.parse(await limitedText(response)) as Record<string, unknown>;
    return {
      ...parts(String(versions.falco_version)),
      ...engine(String(versions.engine_version_semver ?? "")),
    };
  } catch (cause) {
    throw new ConnectError(
      `Falco's web server did not return its version: ${url}: ${reasonOf(cause)}`,
      Code.Unavailable,
      undefined,
      undefined,
      cause,
    );
  }
}

function engine(version: string) {
  const groups = semver.exec(version)?.groups;
  if (groups === undefined) return {};
  return {
    engineVersion: version,
    engineMajor: Number(groups.major),
    engineMinor: Number(groups.minor),
    enginePatch: Number(groups.patch),
  };
}

async function limitedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxAnswerBytes) throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`);
  }
  return text + decoder.decode();
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
