import { type Document, isScalar, visit } from "yaml";

/**
 * Expands `${NAME}` in every value, as Falco does: a variable that is not set is nothing, and `$${NAME}` is the text
 * `${NAME}`. What was expanded is text: its type is read later, by what the key needs. What a variable holds is not expanded
 * again.
 */
export function expandVariables(document: Document, environment: NodeJS.ProcessEnv): void {
  visit(document, {
    Scalar(key, node) {
      if (key === "key" || typeof node.source !== "string" || !isScalar(node)) return;
      const text = typeof node.value === "string" ? node.value : node.source;
      const expanded = expand(text, environment);
      if (expanded !== text) node.value = expanded;
    },
  });
}

function expand(text: string, environment: NodeJS.ProcessEnv): string {
  return text.replace(/(\$?)\$\{([^}]*)\}/g, (whole, dollar: string, name: string) =>
    dollar === "" ? (environment[name] ?? "") : whole.slice(1),
  );
}
