import * as core from "@falco-outputs/core";
import { expect, it } from "vitest";
import * as node from "./index.js";

it("exports all of core, and a createClient of its own", () => {
  expect(Object.keys(node).sort()).toEqual([...Object.keys(core), "defaultAddress"].sort());
  expect({ ...node, createClient: undefined }).toMatchObject({ ...core, createClient: undefined });
  expect(node.createClient).not.toBe(core.createClient);
});

it("knows Falco's own address", () => {
  expect(node.defaultAddress).toBe("unix:///run/falco/falco.sock");
});
