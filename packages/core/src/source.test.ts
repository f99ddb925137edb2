import { describe, expect, it } from "vitest";
import { deprecatedSource, sourceName } from "./source.js";

describe("deprecatedSource", () => {
  it.each([
    ["", 0],
    ["syscall", 0],
    ["Syscall", 0],
    ["SYSCALL", 0],
    ["k8s_audit", 1],
    ["K8S_AUDIT", 1],
    ["internal", 2],
    ["Internal", 2],
    ["aws_cloudtrail", 3],
    // Falco compares with the enum's aliases, letter by letter.
    ["sysCall", 3],
    ["plugin", 3],
    ["constructor", 3],
  ])("gives for %j the number %i", (name, number) => {
    expect(deprecatedSource(name)).toBe(number);
  });
});

describe("sourceName", () => {
  it("is the name that Falco gave, whatever the number", () => {
    expect(sourceName("aws_cloudtrail", 3)).toBe("aws_cloudtrail");
    expect(sourceName("syscall", 2)).toBe("syscall");
  });

  it.each([
    [0, ""],
    [1, "k8s_audit"],
    [2, "internal"],
    [3, "plugin"],
    [17, ""],
  ])("of a Falco that sent only the number %i is %j", (number, name) => {
    expect(sourceName("", number)).toBe(name);
  });
});
