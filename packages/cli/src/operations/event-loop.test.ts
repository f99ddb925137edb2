import { expect, it, onTestFinished, vi } from "vitest";
import { EventLoop } from "./event-loop.js";
import { handle } from "./requests.js";

it("an event loop that was stuck is not healthy, for ten seconds after it came round again", () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  let nowMs = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  onTestFinished(() => clock.mockRestore());
  const eventLoop = new EventLoop();
  onTestFinished(() => eventLoop.close());
  /** Timers come when so much time has passed. */
  const pass = (ms: number) => {
    nowMs += ms;
    vi.advanceTimersByTime(1_000);
  };
  const health = () => {
    const answer = { status: 0, body: "" };
    const response = {
      writeHead(status: number) {
        answer.status = status;
        return { end: (body: string) => Object.assign(answer, { body }) };
      },
    };
    const answers = { lateMs: () => eventLoop.lateMs } as Parameters<typeof handle>[0];
    handle(answers, { url: "/healthz", method: "GET" } as never, response as never);
    return [answer.status, JSON.parse(answer.body).problems];
  };
  pass(1_000);
  expect(health()).toEqual([200, []]);
  nowMs += 7_500;
  expect(health()).toEqual([503, ["the event loop was 6.5 s late"]]);
  pass(500);
  for (let second = 0; second < 9; second++) {
    pass(1_000);
    expect(health()).toEqual([503, ["the event loop was 7.0 s late"]]);
  }
  pass(1_000);
  expect(health()).toEqual([200, []]);
});
