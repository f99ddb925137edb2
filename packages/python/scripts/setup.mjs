// Makes the environments that the tests here, the examples and packages/conformance use.
import { environment } from "./environment.mjs";

// Where Python is missing there is nothing to do; the tests that need it say so.
for (const name of ["development", "client-py"]) environment(name);
