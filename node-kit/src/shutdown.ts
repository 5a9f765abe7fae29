import type { Log } from "./log.ts";

/** What has to be undone when the process ends. */
export type Closer = () => unknown;

/** Settings of an orderly end. */
export type ShutdownOptions = {
  log: Log;
  /** Longest wait for one closer, in milliseconds. Default 5,000. */
  timeoutMs?: number;
  /** Signals and failures come from here, and it is told to exit. Default `process`. */
  host?: Pick<NodeJS.Process, "on" | "off" | "exit">;
};

/** The end of a process, in order. */
export type Shutdown = {
  /** Aborted when the end begins: loops and waits listen to it. */
  readonly signal: AbortSignal;
  /** Registers what to close; the last registered is closed first. */
  onClose(name: string, closer: Closer): void;
  /** Closes everything once and waits for it; does not exit. Later calls wait for the same end. */
  close(reason: string): Promise<void>;
};

/**
 * Closes in the reverse order of opening on SIGINT, SIGTERM and on a failure that nobody caught, then exits with 130, 143
 * or 1. A second signal exits at once.
 */
export function createShutdown({ log, timeoutMs = 5_000, host = process }: ShutdownOptions): Shutdown {
  const controller = new AbortController();
  const closers: { name: string; closer: Closer }[] = [];
  let ending: Promise<void> | undefined;

  const close = (reason: string) => {
    ending ??= run(reason);
    return ending;
  };

  async function run(reason: string): Promise<void> {
    log.info({ reason }, "closing");
    controller.abort(new Error(`closing: ${reason}`));
    for (const { name, closer } of closers.splice(0).reverse()) {
      try {
        await within(timeoutMs, closer);
      } catch (err) {
        log.error({ err, closer: name }, "could not close");
      }
    }
    for (const [event, listener] of listeners) host.off(event, listener);
  }

  const end = (reason: string, code: number) => {
    if (ending) return host.exit(code);
    void close(reason).then(() => host.exit(code));
  };
  const failed = (err: unknown) => {
    log.fatal({ err }, "a failure that nothing caught");
    end("failure", 1);
  };
  const listeners: [string, (...args: unknown[]) => void][] = [
    ["SIGINT", () => end("SIGINT", 130)],
    ["SIGTERM", () => end("SIGTERM", 143)],
    ["uncaughtException", failed],
    ["unhandledRejection", failed],
  ];
  for (const [event, listener] of listeners) host.on(event, listener);

  return {
    signal: controller.signal,
    onClose: (name, closer) => closers.push({ name, closer }),
    close,
  };
}

async function within(timeoutMs: number, closer: Closer): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not closed within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([Promise.resolve().then(closer), late]);
  } finally {
    clearTimeout(timer);
  }
}
