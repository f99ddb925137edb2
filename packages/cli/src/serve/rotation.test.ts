import { afterEach, expect, it, vi } from "vitest";
import { onRotation } from "./rotation.js";

const signals = ["SIGUSR1", "SIGHUP"] as const;

afterEach(() => {
  for (const signal of signals) process.removeAllListeners(signal);
});

it.each(signals)("reopens at %s, once for each", (signal) => {
  const reopen = vi.fn();
  onRotation()(reopen);
  expect(reopen).not.toHaveBeenCalled();
  process.emit(signal, signal);
  process.emit(signal, signal);
  expect(reopen).toHaveBeenCalledTimes(2);
});

it.each(signals)("reopens for a %s that came before there was anything to open", (signal) => {
  const reopen = vi.fn();
  const rotated = onRotation();
  process.emit(signal, signal);
  rotated(reopen);
  expect(reopen).toHaveBeenCalledTimes(1);
});
