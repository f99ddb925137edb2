import {
  createFileRegistry,
  type DescService,
  fromJsonString,
  type MessageInitShape,
  type MessageShape,
  toJsonString,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { ReflectionService } from "@falco-outputs/core/contract";
import { untilAborted } from "../../until-aborted.js";
import { Descriptors } from "./descriptors.js";

type Implementation = ServiceImpl<typeof ReflectionService>;
type Method = (typeof ReflectionService)["method"]["serverReflectionInfo"];
type Question = MessageShape<Method["input"]>["messageRequest"];
type Answer = NonNullable<MessageInitShape<Method["output"]>["messageResponse"]>;

/** How much of a name an error shows, in UTF-16 units. */
const maxShown = 100;

/** The version before v1, with the same messages, which many tools ask first or only. */
const alpha = alphaOf(ReflectionService);

/** Registers `grpc.reflection.v1.ServerReflection` and v1alpha, which tell what `services` and themselves look like. */
export function serveReflection(router: ConnectRouter, services: readonly DescService[]): void {
  const implementation = reflectionService([...services, ReflectionService, alpha]);
  router.service(ReflectionService, implementation);
  router.service(alpha as typeof ReflectionService, implementation);
}

function reflectionService(services: readonly DescService[]): Implementation {
  const descriptors = new Descriptors(services);
  const service = services.map(({ typeName }) => ({ name: typeName }));

  function answer({ case: question, value }: Question): Answer {
    switch (question) {
      case "listServices":
        return { case: "listServicesResponse", value: { service } };
      case "fileByFilename":
        return filesOrError(descriptors.byName(value), "file", value);
      case "fileContainingSymbol":
        return filesOrError(descriptors.bySymbol(value), "symbol", value);
      case "fileContainingExtension":
        return unknown("extension of", value.containingType);
      case "allExtensionNumbersOfType":
        // The contract extends nothing.
        return descriptors.bySymbol(value) === undefined
          ? unknown("symbol", value)
          : { case: "allExtensionNumbersResponse", value: { baseTypeName: value } };
      default:
        throw new ConnectError("the request has no question that this server knows", Code.InvalidArgument);
    }
  }

  return {
    async *serverReflectionInfo(requests, { signal }) {
      const reading = requests[Symbol.asyncIterator]();
      while (true) {
        const next = await untilAborted(reading.next(), signal);
        if (next.done) return;
        const originalRequest = next.value;
        const messageResponse = answer(originalRequest.messageRequest);
        yield { validHost: originalRequest.host, originalRequest, messageResponse };
      }
    },
  };
}

function filesOrError(files: Uint8Array[] | undefined, what: string, name: string): Answer {
  if (files === undefined) return unknown(what, name);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: files } };
}

function unknown(what: string, name: string): Answer {
  const errorMessage = `unknown ${what} ${JSON.stringify(name.slice(0, maxShown))}`;
  return { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage } };
}

function alphaOf({ file, name }: DescService): DescService {
  const { package: v1 } = file.proto;
  const path = v1.replaceAll(".", "/");
  const json = toJsonString(FileDescriptorProtoSchema, file.proto)
    .replaceAll(v1, `${v1}alpha`)
    .replaceAll(path, `${path}alpha`);
  const registry = createFileRegistry(fromJsonString(FileDescriptorProtoSchema, json), () => undefined);
  return registry.getService(`${v1}alpha.${name}`)!;
}
