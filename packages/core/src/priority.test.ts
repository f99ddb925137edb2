import { describe, expect, it } from "vitest";
import { Priority, type PriorityName, parsePriority, priorityNames } from "./priority.js";

describe("Priority", () => {
  it("has Falco's numbers: 0 is the most severe", () => {
    expect(Priority).toEqual({
      Emergency: 0,
      Alert: 1,
      Critical: 2,
      Error: 3,
      Warning: 4,
      Notice: 5,
      Informational: 6,
      Debug: 7,
    });
  });

  it("has its names in the order of the numbers", () => {
    expect(priorityNames).toEqual(Object.keys(Priority));
    expect(priorityNames.map((name) => Priority[name])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe("parsePriority", () => {
  it.each(Object.entries(Priority) as [PriorityName, Priority][])("reads %s in any case", (name, number) => {
    const mixed = [...name].map((c, index) => (index % 2 === 0 ? c.toLowerCase() : c.toUpperCase())).join("");
    for (const text of [name, name.toLowerCase(), name.toUpperCase(), mixed]) {
      expect(parsePriority(text)).toBe(number);
    }
  });

  it.each(["info", "Info", "INFO"])("reads %s as Informational", (name) => {
    expect(parsePriority(name)).toBe(Priority.Informational);
  });

  it.each(["", "warn", "Warning ", "4", "__proto__", "constructor"])("knows no %j", (name) => {
    expect(parsePriority(name)).toBeUndefined();
  });
});
