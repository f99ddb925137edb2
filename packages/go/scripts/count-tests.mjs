/**
 * What `go test -json` tells: how many tests passed and failed, subtests and examples included, and what the failed ones
 * printed. A package that cannot be built counts as one failure.
 */
export function countTests(lines) {
  let passed = 0;
  let failed = 0;
  const printed = new Map();
  const failures = [];
  for (const line of lines.split("\n").filter((text) => text.startsWith("{"))) {
    const { Action: action, Package: path, Test: test, Output: text, ImportPath: built } = JSON.parse(line);
    const key = `${path ?? built} ${test ?? ""}`;
    if (action === "output" || action === "build-output") printed.set(key, (printed.get(key) ?? "") + text);
    if (action === "pass" && test !== undefined) passed++;
    if (action === "fail" || action === "build-fail") {
      failures.push(key);
      if (test !== undefined || action === "build-fail") failed++;
    }
  }
  return { passed, failed, output: failures.map((key) => printed.get(key) ?? "").join("") };
}
