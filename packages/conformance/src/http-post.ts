import { spawn } from "node:child_process";
import { bodyBytes, bodyLines } from "./body.js";
import type { HttpPost } from "./case.js";

/** Falco posts with libcurl; so does this. @throws Error if a status is not the expected one. */
export async function post(url: string, request: HttpPost): Promise<void> {
  const bodies = request.each ? bodyLines(request).map((line) => Buffer.from(line)) : [bodyBytes(request)];
  const expected = [request.status].flat();
  if (expected.length !== (request.each ? bodies.length : 1)) {
    throw new Error(`${expected.length} statuses are expected of ${bodies.length} requests`);
  }
  for (const [index, body] of bodies.entries()) {
    const status = await curl(url, request, body);
    if (status === expected[index]) continue;
    throw new Error(`request ${index + 1}: expected HTTP status ${expected[index]}, saw ${status}`);
  }
}

/** Whether there is a curl to post with. */
export async function hasCurl(): Promise<boolean> {
  try {
    await run(["--version"], Buffer.alloc(0));
    return true;
  } catch {
    return false;
  }
}

async function curl(url: string, { method = "POST", headers = {} }: HttpPost, body: Buffer): Promise<number> {
  const all = { "content-type": "application/json", ...headers };
  const args = [
    "--silent",
    "--show-error",
    "--noproxy",
    "*",
    "--max-time",
    "10",
    "--write-out",
    "\n%{http_code}",
  ];
  for (const [name, value] of Object.entries(all)) args.push("--header", `${name}: ${value}`);
  args.push("--request", method);
  if (method !== "GET") args.push("--data-binary", "@-");
  const answer = await run([...args, url], body);
  return Number(answer.slice(answer.lastIndexOf("\n")));
}

function run(args: string[], input: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    // Without -q it would read the user's own curlrc.
    const process = spawn("curl", ["-q", ...args], { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    process.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    process.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    process.stdin.on("error", () => undefined); // curl stops reading when it has its answer
    process.stdin.end(input);
    process.once("error", reject);
    process.once("close", (status) => {
      if (status === 0) resolve(stdout);
      else reject(new Error(`curl ended with status ${status}: ${stderr.trim()}`));
    });
  });
}
