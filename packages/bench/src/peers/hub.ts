/** The usual way to stream what happens: each subscriber has a queue, and its handler waits for what comes. */
export class Hub<Message> {
  readonly #queues = new Set<Queue<Message>>();

  publish(message: Message): void {
    for (const queue of this.#queues) queue.push(message);
  }

  async *subscribe(signal: AbortSignal): AsyncGenerator<Message, void> {
    const queue = new Queue<Message>();
    this.#queues.add(queue);
    const wake = () => queue.wake();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        yield* queue.take();
        await queue.filled();
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#queues.delete(queue);
    }
  }

  async awaitSubscribers(count: number): Promise<void> {
    while (this.#queues.size !== count) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

class Queue<Message> {
  #messages: Message[] = [];
  #wake: (() => void) | undefined;

  push(message: Message): void {
    this.#messages.push(message);
    this.wake();
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  take(): Message[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  filled(): Promise<void> | undefined {
    if (this.#messages.length > 0) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
