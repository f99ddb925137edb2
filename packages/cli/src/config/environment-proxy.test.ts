import { describe, expect, it } from "vitest";
import { environmentProxy } from "./environment-proxy.js";

const proxy = "http://proxy.example:3128";

function proxyOf(url: string, environment: NodeJS.ProcessEnv): string | undefined {
  return environmentProxy(new URL(url), environment)?.href;
}

it.each<[string, NodeJS.ProcessEnv, string | undefined]>([
  ["https://a.example/", { HTTPS_PROXY: proxy }, `${proxy}/`],
  ["https://a.example/", { https_proxy: proxy, HTTPS_PROXY: "http://other:1" }, `${proxy}/`],
  ["https://a.example/", { HTTP_PROXY: proxy }, undefined],
  ["http://a.example/", { HTTP_PROXY: proxy }, `${proxy}/`],
  ["http://a.example/", { http_proxy: "proxy.example:3128" }, `${proxy}/`],
  ["http://a.example/", { HTTPS_PROXY: proxy }, undefined],
  ["http://a.example/", { ALL_PROXY: proxy }, `${proxy}/`],
  ["http://a.example/", { http_proxy: "", all_proxy: proxy }, `${proxy}/`],
  ["http://a.example/", {}, undefined],
])("%s with %j goes through %s", (url, environment, expected) => {
  expect(proxyOf(url, environment)).toBe(expected);
});

describe("NO_PROXY", () => {
  it.each<[string, string, boolean]>([
    ["a.example", "*", true],
    ["a.example", "a.example", true],
    ["A.example.", "a.EXAMPLE", true],
    ["b.a.example", "a.example", true],
    ["b.a.example", ".a.example", true],
    ["a.example", ".a.example", true],
    ["ba.example", "a.example", false],
    ["a.example", "b.example, a.example", true],
    ["a.example", "b.example a.example", true],
    ["a.example", "", false],
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "2.3", false],
    ["10.1.2.3", "10.0.0.0/33", false],
    ["[fd00::1]", "fd00::/8", true],
    ["[fd00::1]", "[fd00::1]", true],
    ["[fd00::1]", "10.0.0.0/8", false],
  ])("%s, %j", (host, list, isExcluded) => {
    const expected = isExcluded ? undefined : `${proxy}/`;
    expect(proxyOf(`http://${host}/`, { http_proxy: proxy, NO_PROXY: list })).toBe(expected);
    expect(proxyOf(`http://${host}/`, { http_proxy: proxy, no_proxy: list, NO_PROXY: "x" })).toBe(expected);
  });
});

it("names the variable that holds something else, and shows nothing of it", () => {
  expect(() => proxyOf("http://a/", { ALL_PROXY: "socks5://me:secret@proxy" })).toThrow(
    "the variable ALL_PROXY names no proxy that can be used, expected http://host:port or https://host:port",
  );
});
