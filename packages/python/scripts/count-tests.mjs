/** How many tests passed and failed by a report of `pytest --junit-xml`; errors of a fixture count as failures. */
export function countTests(xml) {
  const suite = /<testsuite [^>]*>/.exec(xml)?.[0] ?? "";
  const [tests, failures, errors, skipped] = ["tests", "failures", "errors", "skipped"].map((name) =>
    Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0),
  );
  return { passed: tests - failures - errors - skipped, failed: failures + errors };
}
