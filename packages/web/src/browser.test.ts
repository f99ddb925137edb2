import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { type Browser, launchChromium, type Page, withoutChromium } from "@falco-outputs/testing/browser";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundle, type Site, serveSite } from "./testing/site.js";

/** The package, as the page has it. */
declare const falcoOutputs: typeof import("./index.js");
/** What the page's script keeps for the test to look at. */
declare const seen: { rules: string[]; statuses: string[]; error?: string };

describe.skipIf(withoutChromium)("in Chromium", { timeout: 60_000 }, () => {
  let browser: Browser;
  let site: Site;
  let otherSite: Site;
  beforeAll(async () => {
    browser = await launchChromium();
    const script = await bundle();
    site = await serveSite(script);
    // For a browser, another site than one named by its IP address.
    otherSite = await serveSite(script, "localhost");
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
    otherSite?.close();
  });

  let page: Page;
  let server: FalcoOutputsServer;
  beforeEach(async () => {
    server = await serve("127.0.0.1:0");
    page = await open(site);
  });
  afterEach(async () => {
    await page.close();
    await server.stop();
  });

  function serve(address: string, token: { token?: string } = {}): Promise<FalcoOutputsServer> {
    return startServer({ listen: [], web: [{ address, allowedOrigins: [site.origin], ...token }] });
  }

  async function open({ origin }: Site): Promise<Page> {
    const opened = await browser.newPage();
    await opened.goto(origin);
    await opened.waitForFunction(() => "falcoOutputs" in globalThis);
    return opened;
  }

  /** Subscribes in the page, and keeps what comes. */
  function subscribe(
    protocol: "connect" | "grpc-web",
    options: object = {},
    token: { token?: string } = {},
  ): Promise<void> {
    return page.evaluate(
      ({ options, ...client }) => {
        const kept: typeof seen = { rules: [], statuses: [] };
        Object.assign(globalThis, { seen: kept });
        const falco = falcoOutputs.createClient(client);
        const stream = falco.sub({
          broadcast: true,
          ...options,
          reconnect: { maxDelayMs: 100 },
          onStatus: ({ type }) => {
            if (kept.statuses.at(-1) !== type) kept.statuses.push(type);
          },
        });
        (async () => {
          for await (const { rule } of stream) kept.rules.push(rule);
        })().catch((error) => {
          kept.error = `${error.codeName} ${error.message}`;
        });
      },
      { baseUrl: server.webUrl!, protocol, ...token, options },
    );
  }

  const rules = () => page.evaluate(() => seen.rules);

  describe.each(["connect", "grpc-web"] as const)("over %s", (protocol) => {
    it("gets alerts live, one by one", async () => {
      await server.publish({ rule: "before", priority: "Notice" });
      await subscribe(protocol);
      await server.waitForSubscribers(1);
      for (const rule of ["a", "b", "c"]) {
        await server.publish({ rule, priority: "Notice" });
        await page.waitForFunction((rule) => seen.rules.at(-1) === rule, rule);
      }
      expect(await rules()).toEqual(["a", "b", "c"]);
    });

    it("gets what passes its filter", async () => {
      await subscribe(protocol, { minPriority: "warning", tags: ["shell"] });
      await server.waitForSubscribers(1);
      await server.publish({ rule: "too mild", priority: "Notice", tags: ["shell"] });
      await server.publish({ rule: "no tag", priority: "Error" });
      await server.publish({ rule: "wanted", priority: "Error", tags: ["shell"] });
      await page.waitForFunction(() => seen.rules.length > 0);
      expect(await rules()).toEqual(["wanted"]);
    });

    it("comes back when the server was started again", async () => {
      await subscribe(protocol);
      await server.waitForSubscribers(1);
      const { host } = new URL(server.webUrl!);
      await server.stop();
      await page.waitForFunction(() => seen.statuses.includes("disconnected"));
      server = await serve(host);
      await server.waitForSubscribers(1);
      await server.publish({ rule: "after", priority: "Notice" });
      await page.waitForFunction(() => seen.rules.includes("after"));
      // It asked to go on behind the place that the first server's header told: only a browser hides headers.
      const told = ["connected", "disconnected", "resumed", "lost"];
      expect(await page.evaluate(() => seen.statuses)).toEqual(expect.arrayContaining(told));
    });

    it("shows its token, which a browser asks about first", async () => {
      const { host } = new URL(server.webUrl!);
      await server.stop();
      const token = { token: "a-token-of-24-characters" };
      server = await serve(host, token);
      await subscribe(protocol);
      await page.waitForFunction(() => seen.error !== undefined);
      expect(await page.evaluate(() => seen.error)).toBe(
        `UNAUTHENTICATED get on ${server.webUrl}: the server wants a token: give it as token`,
      );
      await subscribe(protocol, {}, token);
      await server.waitForSubscribers(1);
      await server.publish({ rule: "a", priority: "Notice" });
      await page.waitForFunction(() => seen.rules.includes("a"));
    });

    it("leaves when the page is left", async () => {
      await subscribe(protocol);
      await server.waitForSubscribers(1);
      await page.goto("about:blank");
      await server.waitForSubscribers(0);
    });
  });

  it("refuses the page of another site, and tells it what to do", async () => {
    await page.close();
    page = await open(otherSite);
    await subscribe("connect");
    await page.waitForFunction(() => seen.error !== undefined);
    expect(await page.evaluate(() => seen.error)).toBe(
      `UNAVAILABLE get on ${server.webUrl}: no answer: is the server running, and does it allow pages of ${otherSite.origin} (allowedOrigins; --web-origin)?`,
    );
    expect(server.stats()).toMatchObject({ subscribers: 0 });
  });
});
