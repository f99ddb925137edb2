/**
 * Whether this machine lacks something that tests need, so that they are left out; then it says so. In CI nothing is left
 * out: there the tests run, and fail.
 * @param what What the tests need: a program, a module, a permission.
 * @param isThere Whether the machine has it.
 * @param remedy What to do about it, e.g. `apt-get install logrotate`.
 */
export function lacks(what: string, isThere: boolean, remedy: string): boolean {
  if (isThere || process.env.CI) return false;
  console.warn(`\n*** this machine lacks ${what}: tests that need it do NOT run (${remedy}) ***\n`);
  return true;
}
