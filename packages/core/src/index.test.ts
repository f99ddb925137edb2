import { build } from "esbuild";
import { expect, it } from "vitest";
import * as address from "./address.js";
import * as backoff from "./backoff.js";
import * as codec from "./codec/index.js";
import * as contract from "./contract.js";
import * as main from "./index.js";
import * as options from "./options.js";
import * as printable from "./printable.js";
import * as transport from "./transport.js";

it.each([
  [
    "the package",
    main,
    [
      "Code",
      "FalcoError",
      "OptionError",
      "Priority",
      "alertFromJson",
      "alertFromText",
      "alertToJson",
      "createAlert",
      "createClient",
      "dateOf",
      "isAtLeast",
      "parsePriority",
      "priorityName",
      "priorityNames",
      "timeNs",
    ],
  ],
  [
    "codec",
    codec,
    [
      "AlertDecoder",
      "AlertTime",
      "BatchEncoder",
      "FieldWalk",
      "JsonReader",
      "acceptEncoded",
      "alertField",
      "alertTag",
      "alertTimeUs",
      "contentOf",
      "continued",
      "encodeContent",
      "encodeLine",
      "entryField",
      "entryTag",
      "int32At",
      "maxAlertBytes",
      "messageBytesAt",
      "microseconds",
      "prefixBytes",
      "readJson",
      "readText",
      "sequenceBytes",
      "splitBody",
      "textPrefix",
      "toPriority",
      "varintBytes",
      "wireType",
      "withRoom",
      "withUtf8",
      "writePrefix",
      "writeSequence",
      "writeVarint",
    ],
  ],
  ["address", address, ["formatAddress", "isLoopback", "readAddress"]],
  ["backoff", backoff, ["backoffMs"]],
  [
    "options",
    options,
    [
      "OptionError",
      "filtering",
      "maxDeadlineMs",
      "maxTimerMs",
      "milliseconds",
      "readPem",
      "toHeaders",
      "wholeNumber",
    ],
  ],
  ["transport", transport, ["createTransportClient", "failureOf", "formatAddress", "parseAddress"]],
  ["printable", printable, ["printable", "printableJson"]],
  [
    "contract",
    contract,
    [
      "AdminService",
      "CallbackError",
      "FalcoLivenessState",
      "GetStatusResponseSchema",
      "HealthService",
      "LegacyResponseSchema",
      "LegacyService",
      "OutputsRequestSchema",
      "OutputsResponseSchema",
      "OutputsService",
      "ReflectionService",
      "RequestFilterSchema",
      "ServingStatus",
      "SilenceError",
      "VersionResponseSchema",
      "VersionService",
      "batches",
      "fieldsOf",
      "filterFields",
      "filterLimits",
      "heartbeatHeader",
      "isTimestamp",
      "isUnanswered",
      "listFilters",
      "parsePattern",
      "positionHeader",
      "refusal",
      "startHeader",
      "timestampNs",
      "versionHeader",
      "windowHeader",
    ],
  ],
])("what %s exports is decided on purpose", (_, module, names) => {
  expect(Object.keys(module).sort()).toEqual(names);
});

it("runs in a browser: its bundle needs nothing of Node's", async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: ["dist/index.js"],
    bundle: true,
    format: "esm",
    metafile: true,
    platform: "browser",
    write: false,
  });
  const [bundle] = outputFiles;
  // A Node builtin could not be resolved for a browser, unless it was left external.
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  expect(Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter((i) => i.external))).toEqual(
    [],
  );
  expect(bundle!.text).not.toContain("node:");
  const bundled: typeof main = await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(bundle!.text)}`
  );
  const json =
    '{"output":"o","output_fields":{"evt.time":"1780391647123456789"},"priority":"Notice","rule":"r","tags":[]}';
  expect(bundled.alertToJson(bundled.alertFromJson(json))).toBe(json);
  expect(bundled).not.toBe(main);
});
