import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const packages = join(import.meta.dirname, "../..");

describe.each(["core", "node", "web", "server", "cli"])("the package %s", (name) => {
  const folder = join(packages, name);

  it("brings its licence along, and says where it comes from", () => {
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: folder }).toString(),
    );
    const paths: string[] = packed.files.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    const { repository, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    expect(repository).toMatchObject({ type: "git", directory: `packages/${name}` });
    expect(license).toBe("Apache-2.0");
  });

  it("has source maps that hold the sources", () => {
    const maps = readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".js.map"),
    );
    expect(maps).not.toEqual([]);
    for (const path of maps) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(join(folder, "dist", path), "utf8"));
      expect({ path, count: sourcesContent?.length }).toEqual({ path, count: sources.length });
    }
  });
});
