import { type AlertFilter, type Priority, parsePriority, priorityNames } from "@falco-outputs/node";
import { UsageError } from "../args/usage-error.js";
import { type FilterFlag, type FilterOptions, filterFlags } from "./filter-flags.js";
import { readFilters } from "./filter-json.js";

/** Which alerts are wanted, as the client takes it. */
export interface Filters {
  readonly allow: readonly AlertFilter[];
  readonly deny: readonly AlertFilter[];
}

type Given = Partial<Record<FilterFlag, readonly string[]>>;
type Fields = Readonly<Record<string, readonly string[]>>;

/**
 * The flags as filters: those that --not stood before are a `deny` each, the others together an `allow`.
 * @throws UsageError for what is not a filter; for flags beside --allow.
 */
export function filtersOf(options: FilterOptions): Filters {
  const given = filterFlags.flatMap((flag) => (options[flag] ?? []).map((value) => ({ flag, ...value })));
  const allowed: Given = {};
  for (const { flag, text, isDenied } of given) {
    if (!isDenied) Object.assign(allowed, { [flag]: [...(allowed[flag] ?? []), text] });
  }
  const names = Object.keys(allowed).map(flagOf);
  if (options.allow !== undefined && names.length > 0) {
    throw new UsageError(`--allow and ${names.join(" and ")}: put everything into --allow, or into flags`);
  }
  const jsonAllow = (options.allow ?? []).flatMap((text) => readFilters("--allow", text));
  const jsonDeny = (options.deny ?? []).flatMap((text) => readFilters("--deny", text));
  const denied = given.filter(({ isDenied }) => isDenied);
  return {
    allow: names.length > 0 ? flagFilters(allowed) : jsonAllow,
    deny: [...denied.flatMap(({ flag, text }) => flagFilters({ [flag]: [text] })), ...jsonDeny],
  };
}

/** More than one for pods of several namespaces, or several images with tags: their parts belong together. */
function flagFilters({ minPriority, rule, tag, source, host, field, namespace, pod, containerImage }: Given) {
  const parts: AlertFilter = {
    ...(minPriority !== undefined && { minPriority: priorityOf(minPriority.at(-1)!) }),
    ...(rule !== undefined && { rules: rule }),
    ...(tag !== undefined && { tags: tag }),
    ...(source !== undefined && { sources: source }),
    ...(host !== undefined && { hostnames: host }),
  };
  const fields = merged([
    fieldsOf(field ?? []),
    namespace === undefined ? {} : { [namespaceField]: namespace },
  ]);
  const pods = alternatives("--pod", pod, podFields, fields);
  const images = alternatives("--container-image", containerImage, imageFields, fields);
  return pods.flatMap((podPart) =>
    images.map((imagePart): AlertFilter => {
      const all = merged([fields, podPart, imagePart]);
      return { ...parts, ...(Object.keys(all).length > 0 && { fields: all }) };
    }),
  );
}

const namespaceField = "k8s.ns.name";

/** NAME=VALUE, or NAME: then any value suffices. */
function fieldsOf(texts: readonly string[]): Fields {
  const fields = new Map<string, string[]>();
  for (const text of texts) {
    const [name, ...value] = text.split("=");
    fields.set(name!, [...(fields.get(name!) ?? []), ...(value.length > 0 ? [value.join("=")] : [])]);
  }
  return Object.fromEntries(fields);
}

function podFields(text: string): Fields {
  const [namespace, ...pod] = text.split("/");
  const isQualified = pod.length > 0;
  return isQualified
    ? { [namespaceField]: [namespace!], "k8s.pod.name": [pod.join("/")] }
    : { "k8s.pod.name": [text] };
}

/** REPOSITORY, REPOSITORY:TAG or REPOSITORY@DIGEST. A colon before a slash is that of a registry's port. */
function imageFields(text: string): Fields {
  const { repository, tag, digest } = /^(?<repository>.*?)(?::(?<tag>[^/:@]*))?(?:@(?<digest>.*))?$/.exec(
    text,
  )!.groups!;
  return {
    "container.image.repository": [repository!],
    ...(tag !== undefined && { "container.image.tag": [tag] }),
    ...(digest !== undefined && { "container.image.digest": [digest] }),
  };
}

/**
 * What one of a flag's values asks of the fields. Values that ask for one field only are one alternative.
 * @param others What other flags ask of the fields.
 */
function alternatives(
  flag: string,
  texts: readonly string[] = [],
  read: (text: string) => Fields,
  others: Fields,
): Fields[] {
  if (texts.length === 0) return [{}];
  const single: Fields[] = [];
  const several: Fields[] = [];
  for (const text of texts) {
    const fields = read(text);
    if (Object.keys(fields).length === 1) {
      single.push(fields);
      continue;
    }
    const clash = Object.keys(fields).find((name) => Object.hasOwn(others, name));
    if (clash !== undefined) {
      throw new UsageError(
        `${flag} ${text}: another flag asks for ${clash} as well: say it with --allow or --deny`,
      );
    }
    several.push(fields);
  }
  return single.length > 0 ? [merged(single), ...several] : several;
}

function merged(parts: readonly Fields[]): Fields {
  const fields = new Map<string, readonly string[]>();
  for (const [name, values] of parts.flatMap((part) => Object.entries(part))) {
    fields.set(name, [...(fields.get(name) ?? []), ...values]);
  }
  return Object.fromEntries(fields);
}

function priorityOf(name: string): Priority {
  const priority = parsePriority(name);
  if (priority !== undefined) return priority;
  throw new UsageError(
    `--min-priority: ${JSON.stringify(name)}, expected one of ${priorityNames.join(", ")}`,
  );
}

function flagOf(flag: string): string {
  return `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
