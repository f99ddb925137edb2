import * as core from "@falco-outputs/core";
import { expect, it } from "vitest";
import * as defaultAddress from "./default-address.js";
import * as node from "./index.js";

it("exports all of core, and a createClient of its own", () => {
  expect(Object.keys(node).sort()).toEqual(Object.keys(core).sort());
  expect({ ...node, createClient: undefined }).toMatchObject({ ...core, createClient: undefined });
  expect(node.createClient).not.toBe(core.createClient);
});

it("exports what finds a server, for the command", () => {
  expect(Object.keys(defaultAddress).sort()).toEqual([
    "falcoFolder",
    "folderWith",
    "grpcSocket",
    "isPrivate",
    "socketAddress",
    "userFolder",
  ]);
});
