// Makes the environments that the tests here, the examples and packages/conformance use.
import { environment } from "./environment.mjs";

// Whoever uses one says what is missing.
for (const name of ["development", "client-py"]) environment(name);
