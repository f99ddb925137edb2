/**
 * How many tests passed and failed by a report of `pytest --junit-xml`, and the names of those that failed; errors of a
 * fixture count as failures.
 */
export function countTests(xml) {
  const suite = /<testsuite [^>]*>/.exec(xml)?.[0] ?? "";
  const [tests, failures, errors, skipped] = ["tests", "failures", "errors", "skipped"].map((name) =>
    Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0),
  );
  const failed = [...xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>/]*><(?:failure|error) /g)];
  return {
    passed: tests - failures - errors - skipped,
    failed: failures + errors,
    failures: failed.map(([, file, name]) => `${file}: ${name}`),
  };
}
