/** Counts the tests in the output of `cargo test`, which has one summary for each program that it ran. */
export function countTests(text) {
  let passed = 0;
  let failed = 0;
  for (const [, good, bad] of text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm)) {
    passed += Number(good);
    failed += Number(bad);
  }
  return { passed, failed };
}
