import { readFileSync } from "node:fs";
import { fixturePath } from "@falco-outputs/testing";
import type { Body } from "./case.js";

export function bodyBytes({ lines = [], fixtures = [], text = "", hex = "" }: Body): Buffer {
  return Buffer.concat([
    ...fixtures.map((name) => readFileSync(fixturePath(name))),
    ...lines.map((line) => Buffer.from(`${line}\n`)),
    Buffer.from(text),
    hexBytes(hex),
  ]);
}

/** Bytes from hexadecimal digits, white space among them. */
export function hexBytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
}

/** The lines of a body, without their line ends. */
export function bodyLines(body: Body): string[] {
  const lines = bodyBytes(body).toString().split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
