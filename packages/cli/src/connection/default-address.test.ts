import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  defaultHttpAddresses,
  defaultInputAddress,
  defaultListenAddress,
  defaultServerAddress,
} from "./default-address.js";

const falcosAddress = "unix:///run/falco/falco.sock";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "default-address-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Makes this process one of a user other than root, whose folder it is. */
function becomeUser(): void {
  const { uid } = statSync(folder);
  const user = uid === 0 ? 1000 : uid;
  if (uid === 0) chownSync(folder, user, 0);
  vi.spyOn(process as { getuid: () => number }, "getuid").mockReturnValue(user);
  vi.stubEnv("XDG_RUNTIME_DIR", folder);
}

it("is Falco's folder for root", () => {
  vi.spyOn(process as { getuid: () => number }, "getuid").mockReturnValue(0);
  expect(defaultListenAddress()).toBe(falcosAddress);
  expect(defaultHttpAddresses()).toEqual(["unix:///run/falco/falco-input.sock", "127.0.0.1:5061"]);
});

describe("for another user", () => {
  it("is a folder of their own", () => {
    becomeUser();
    expect(defaultListenAddress()).toBe(`unix://${folder}/falco.sock`);
    expect(defaultHttpAddresses()[0]).toBe(`unix://${folder}/falco-input.sock`);
  });

  it("is sought there only if something is there", () => {
    becomeUser();
    expect(defaultServerAddress()).toBe(falcosAddress);
    expect(defaultInputAddress()).toBe("unix:///run/falco/falco-input.sock");
    writeFileSync(join(folder, "falco-input.sock"), "");
    expect(defaultInputAddress()).toBe(`unix://${folder}/falco-input.sock`);
    expect(defaultServerAddress()).toBe(falcosAddress);
  });

  it("is refused when others can write there", () => {
    becomeUser();
    writeFileSync(join(folder, "falco-input.sock"), "");
    chmodSync(folder, 0o777);
    for (const address of [defaultInputAddress, defaultHttpAddresses, defaultListenAddress]) {
      expect(address).toThrow("others own this folder or can write to it");
    }
  });
});
