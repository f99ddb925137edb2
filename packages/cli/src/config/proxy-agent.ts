import type { Agent, AgentOptions } from "node:http";
import { HttpProxyAgent } from "http-proxy-agent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { UsageError } from "../args/usage-error.js";
import { environmentProxy } from "./environment-proxy.js";

/**
 * Makes the agents that reach a receiver through the proxy that the environment names; undefined without one.
 * @param key What has the URL.
 * @throws UsageError
 */
export function proxyAgents(
  key: string,
  url: string,
  environment: NodeJS.ProcessEnv = process.env,
): ((options: AgentOptions) => Agent) | undefined {
  if (!URL.canParse(url)) return undefined;
  const proxy = proxyOf(key, new URL(url), environment);
  if (proxy === undefined) return undefined;
  return (options) =>
    /^https:/i.test(url) ? new HttpsProxyAgent(proxy, options) : new HttpProxyAgent(proxy, options);
}

function proxyOf(key: string, url: URL, environment: NodeJS.ProcessEnv): URL | undefined {
  try {
    return environmentProxy(url, environment);
  } catch (error) {
    throw new UsageError(`${key}: ${(error as Error).message}`);
  }
}
