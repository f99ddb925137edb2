import { type DescFile, type DescMessage, type DescService, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** The files that define services, found by their names and by what they define. */
export class Descriptors {
  readonly #byName = new Map<string, DescFile>();
  readonly #bySymbol = new Map<string, DescFile>();

  constructor(services: readonly DescService[]) {
    for (const { file } of services) {
      for (const each of withImports(file)) this.#byName.set(each.proto.name, each);
    }
    for (const file of this.#byName.values()) {
      for (const symbol of symbolsOf(file)) this.#bySymbol.set(symbol, file);
    }
  }

  /** The file of this name and what it imports, each encoded; undefined if there is none. */
  byName(name: string): Uint8Array[] | undefined {
    return encoded(this.#byName.get(name));
  }

  /** The same for the file that defines a service, method, message, field, oneof, enum or value. */
  bySymbol(symbol: string): Uint8Array[] | undefined {
    return encoded(this.#bySymbol.get(symbol));
  }
}

function withImports(file: DescFile): Set<DescFile> {
  return new Set([file, ...file.dependencies.flatMap((each) => [...withImports(each)])]);
}

function encoded(file: DescFile | undefined): Uint8Array[] | undefined {
  return file && [...withImports(file)].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}

function* symbolsOf(within: DescFile | DescMessage): Generator<string> {
  for (const type of nestedTypes(within)) {
    yield type.typeName;
    if (type.kind === "service") yield* type.methods.map(({ name }) => `${type.typeName}.${name}`);
    if (type.kind === "message") {
      yield* [...type.fields, ...type.oneofs].map(({ name }) => `${type.typeName}.${name}`);
    }
    if (type.kind === "enum") {
      // Its values are named beside it.
      const scope = type.typeName.slice(0, type.typeName.lastIndexOf(".") + 1);
      yield* type.values.map(({ name }) => scope + name);
    }
  }
}
