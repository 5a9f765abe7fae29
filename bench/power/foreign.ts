import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Optimization } from "@surety/inference";
import { SuretyError, type Tensor } from "@surety/protocol";
import type { ForeignReply, ForeignRequest } from "./foreign-messages.ts";

/** What runs a model: one at a time, inputs in order. */
export type Engine = {
  load: (model: Uint8Array) => Promise<void>;
  run: (sets: Tensor[][]) => Promise<Tensor[][]>;
  close: () => Promise<void>;
};

/** How to start a foreign runtime. */
export type ForeignOptions = {
  /** Who speaks in errors. */
  name: string;
  /** Path of onnxruntime-node's entry. */
  ort: string;
  /** Command in front of Node, such as an emulator with its flags. Default none. */
  words?: readonly string[];
  optimization?: Optimization;
};

/** Emulators take seconds to start Node, and 100 times as long to run it; an emulator that hangs is given up. */
const TIMEOUT_MS = 300_000;
const STDERR_KEPT = 500;
const NODE_FLAGS = ["--disable-warning=ExperimentalWarning"];

function spawn({ ort, words = [] }: ForeignOptions): ChildProcess {
  const [execPath = process.execPath, ...rest] = words;
  return fork(fileURLToPath(new URL("./foreign-child.ts", import.meta.url)), [ort], {
    execPath,
    execArgv: [...rest, ...(words.length > 0 ? [process.execPath] : []), ...NODE_FLAGS],
    env: {},
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}

/**
 * Starts an ONNX Runtime that is not this repository's: another version of onnxruntime-node, or the same under an emulated
 * processor. It is for the bench's own models: no gate, no cage.
 *
 * @throws SuretyError `BENCH_RUNTIME_FAILED` if its process ends, answers with an error or takes five minutes for an answer
 */
export async function startForeign(options: ForeignOptions): Promise<Engine> {
  const child = spawn(options);
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  const failed = (what: string) =>
    new SuretyError("BENCH_RUNTIME_FAILED", `${options.name} ${what}. It said: ${stderr.trim() || "nothing"}`);
  let settle: ((outcome: ForeignReply | SuretyError) => void) | undefined;
  const gone = new Promise<void>((resolve) => {
    const end = (what: string) => {
      settle?.(failed(what));
      resolve();
    };
    child.once("exit", (code, signal) => end(`ended with ${signal ?? `code ${code}`}`));
    child.once("error", (error) => end(`did not start: ${error.message}`));
  });
  child.on("message", (reply: ForeignReply) => settle?.(reply));
  const close = () => {
    child.kill("SIGKILL");
    return gone;
  };

  const exchange = async (request?: ForeignRequest): Promise<ForeignReply> => {
    const answer = new Promise<ForeignReply | SuretyError>((resolve) => {
      settle = resolve;
    });
    const timer = setTimeout(() => settle?.(failed(`took longer than ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    if (child.exitCode !== null || child.signalCode !== null) settle?.(failed("is gone"));
    else if (request !== undefined)
      child.send(request, (error) => error && settle?.(failed(`is gone: ${error.message}`)));
    const outcome = await answer;
    clearTimeout(timer);
    if (outcome instanceof SuretyError || outcome.op === "error") {
      await close();
      throw outcome instanceof SuretyError ? outcome : failed(`refused: ${outcome.message}`);
    }
    return outcome;
  };

  await exchange();
  return {
    load: async (model) => {
      await exchange({ op: "load", model, optimization: options.optimization ?? "all" });
    },
    run: async (sets) => {
      const reply = await exchange({ op: "run", sets });
      return reply.op === "run" ? reply.sets : [];
    },
    close,
  };
}
