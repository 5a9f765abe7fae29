// A child that tries what a model that had taken it over would try, and tells what came of it. It is started as the
// children of a runtime are, with the name of one attempt in each request.
import { readRequest, sendReply } from "../child/pipe.ts";

/** Every attempt ends with words: "did it", or why not. */
const ATTEMPTS: Record<string, (fact: string) => Promise<string> | string> = {
  environment: () => Object.keys(process.env).join(),
  directory: () => process.cwd(),
  read: async (path) => {
    const { readFileSync } = await import("node:fs");
    return `did it: ${readFileSync(path).length} bytes`;
  },
  write: async (path) => {
    const { writeFileSync } = await import("node:fs");
    writeFileSync(path, "x");
    return "did it";
  },
  fork: async () => {
    const { spawnSync } = await import("node:child_process");
    const { error } = spawnSync("/usr/bin/true");
    return error?.message ?? "did it";
  },
  thread: async () => {
    const { Worker } = await import("node:worker_threads");
    new Worker("0", { eval: true });
    return "did it";
  },
  connect: async (port) => {
    const { connect } = await import("node:net");
    return new Promise((resolve) => {
      const socket = connect(Number(port), "127.0.0.1", () => resolve("did it"));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  },
  signal: (pid) => (process.kill(Number(pid), 0) ? "did it" : "no"),
  memory: () => {
    const held: Uint8Array[] = [];
    try {
      for (let i = 0; i < 64; i++) held.push(new Uint8Array(64 * 2 ** 20).fill(1));
    } catch (error) {
      return `${held.length * 64} MiB, then ${(error as Error).message}`;
    }
    return "did it";
  },
};

sendReply({ op: "ready" });
for (;;) {
  const { id } = readRequest() as { id: string };
  const [name = "", fact = ""] = id.split(" ");
  const message = await Promise.resolve()
    .then(() => ATTEMPTS[name]!(fact))
    .catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  sendReply({ op: "error", message });
}
