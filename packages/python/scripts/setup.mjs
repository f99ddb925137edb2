// Makes the environments that the tests here, the examples and packages/conformance use.
import { environment } from "./environment.mjs";

// Without Python there is nothing to do; the tests that need it report that.
for (const name of ["development", "client-py"]) environment(name);
