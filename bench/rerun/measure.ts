import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createRuntime, type Runtime, type RuntimeKind } from "@surety/inference";
import { decodeTensors, deviation, encodeParts, encodeTensors, type Tensor } from "@surety/protocol";
import { processorTime } from "../../scripts/demo/processor-time.ts";
import type { BareConfig } from "./bare-child.ts";
import type { BenchModel } from "./models.ts";

/**
 * What is claimed: the very bits that the runtime gives, or bits as honest answers of other hardware have them, every float but
 * zeros off in its last bit.
 */
export type Claim = "equal" | "last bits";

/** What one model came to with one number of processes. Rates are medians over the rounds. */
export type RerunRow = {
  model: string;
  claim: Claim;
  processes: number;
  /** Milliseconds of one bare run, in the fastest round. */
  runMs: number;
  /** Bare runs and checks per second, all processes together. */
  bare: number;
  checks: number;
  /** Checks over bare runs: median, least and greatest of the rounds. */
  ratio: number;
  least: number;
  greatest: number;
  /** Checks over bare runs, each of its fastest round: other work on the machine slows a round and never speeds it up. */
  fastest: number;
  /**
   * Milliseconds of processor per run, over all rounds: of the bare process, of the model's process under checks, and of
   * the one that checks. Unlike rates they mean the same on a busy machine.
   */
  cpuMs: { bare: number; model: number; checker: number };
};

/** How to measure. */
export type MeasureOptions = {
  kind: RuntimeKind;
  claim: Claim;
  processes: number;
  rounds: number;
  /** Milliseconds of each side in each round. */
  ms: number;
  /** Sets of inputs in one message to a process. */
  batch: number;
  onRound?: (done: number) => void;
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function startBare(config: BareConfig): Promise<ChildProcess> {
  const child = fork(new URL("./bare-child.ts", import.meta.url), {
    serialization: "advanced",
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  child.send(config);
  await once(child, "message");
  return child;
}

/** Runs or checks done, and milliseconds that they took. */
type Turn = { count: number; ms: number };

const bareTurnOf = async (child: ChildProcess, ms: number): Promise<Turn> => {
  child.send(ms as never);
  const [turn] = await once(child, "message");
  return turn as Turn;
};

/** Milliseconds of processor that this process has used. */
const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** An answer as a provider's opening carries it: canonical bytes of inputs and outputs. */
type Answer = { inputs: Uint8Array; outputs: Uint8Array; outputHash: string };

function hashOf(tensors: Tensor[]): string {
  const hash = createHash("sha256");
  for (const part of encodeParts(tensors)) hash.update(part);
  return hash.digest("hex");
}

/** Tensors whose every FP32 but zeros is off in its last bit. */
const moved = (tensors: Tensor[]): Tensor[] =>
  tensors.map((tensor) => {
    if (tensor.datatype !== "FP32") return tensor;
    const data = new Uint8Array(tensor.data);
    const bits = new Uint32Array(data.buffer);
    for (const [i, word] of bits.entries()) if (word << 1 !== 0) bits[i] = word ^ 1;
    return { ...tensor, data };
  });

/** Checks answers as a verifier does: decode, run, hash what came, compare with what was claimed. */
async function checkTurnOf(
  runtime: Runtime,
  model: BenchModel,
  answers: Answer[],
  { claim, ms, batch }: MeasureOptions,
): Promise<Turn> {
  const start = performance.now();
  let checks = 0;
  let next = 0;
  const check = async (): Promise<void> => {
    const chosen = Array.from({ length: batch }, () => answers[next++ % answers.length]!);
    const own = await runtime.runMany(
      model.name,
      chosen.map(({ inputs }) => decodeTensors(inputs)),
    );
    for (const [i, native] of own.entries()) {
      const { outputs, outputHash } = chosen[i]!;
      const isSame = hashOf(native) === outputHash;
      const isMatch = deviation(decodeTensors(outputs), native, model.profile).every(({ dev }) => dev <= 1);
      if (!isMatch || isSame !== (claim === "equal")) {
        throw new Error(`${model.name}, claims ${claim}: match ${isMatch}, same bits ${isSame}`);
      }
    }
    checks += chosen.length;
  };
  // Two messages under way: while the process runs one, this side takes the other apart.
  const work = async () => {
    while (performance.now() - start < ms) await check();
  };
  await Promise.all([work(), work()]);
  return { count: checks, ms: performance.now() - start };
}

/**
 * Measures bare runs and checks of one model side by side: each round runs one after the other, and every other round the
 * other way round.
 */
export async function measure(model: BenchModel, options: MeasureOptions): Promise<RerunRow> {
  const { kind, claim, processes, rounds, ms, onRound } = options;
  const many = Array.from({ length: processes });
  const runtimes = many.map(() => createRuntime({ kind, timeoutMs: 60_000 }));
  const children = await Promise.all(many.map(() => startBare({ kind, bytes: model.bytes, inputs: model.inputs })));
  try {
    for (const runtime of runtimes) await runtime.load(model.name, model.bytes);
    const truth = await runtimes[0]!.runMany(model.name, model.inputs);
    const answers = model.inputs.map((inputs, i): Answer => {
      const claimed = claim === "equal" ? truth[i]! : moved(truth[i]!);
      return { inputs: encodeTensors(inputs), outputs: encodeTensors(claimed), outputHash: hashOf(claimed) };
    });
    const pids = { bare: children.map(({ pid }) => pid ?? 0), model: runtimes.flatMap((runtime) => runtime.pids()) };
    const cpu = { bare: 0, model: 0, checker: 0 };
    const runs = { bare: 0, checks: 0 };
    /** All processes together: runs per second. */
    const turn = async (side: "bare" | "checks"): Promise<number> => {
      const isBare = side === "bare";
      const before = { bare: processorTime(pids.bare), model: processorTime(pids.model), checker: ownCpuMs() };
      const turns = await Promise.all(
        isBare
          ? children.map((child) => bareTurnOf(child, ms))
          : runtimes.map((runtime) => checkTurnOf(runtime, model, answers, options)),
      );
      runs[side] += turns.reduce((sum, { count }) => sum + count, 0);
      if (isBare) cpu.bare += processorTime(pids.bare) - before.bare;
      else {
        cpu.checker += ownCpuMs() - before.checker;
        cpu.model += processorTime(pids.model) - before.model;
      }
      return turns.reduce((sum, one) => sum + (one.count / one.ms) * 1000, 0);
    };
    await turn("bare");
    await turn("checks");

    const found: { bare: number; checks: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? (["bare", "checks"] as const) : (["checks", "bare"] as const);
      const rates = { bare: 0, checks: 0 };
      for (const side of order) rates[side] = await turn(side);
      found.push(rates);
      onRound?.(round + 1);
    }
    const ratios = found.map(({ bare, checks }) => checks / bare);
    const best = {
      bare: Math.max(...found.map((one) => one.bare)),
      checks: Math.max(...found.map((one) => one.checks)),
    };
    return {
      model: model.name,
      claim,
      processes,
      runMs: (processes * 1000) / best.bare,
      bare: median(found.map((one) => one.bare)),
      checks: median(found.map((one) => one.checks)),
      ratio: median(ratios),
      least: Math.min(...ratios),
      greatest: Math.max(...ratios),
      fastest: best.checks / best.bare,
      cpuMs: { bare: cpu.bare / runs.bare, model: cpu.model / runs.checks, checker: cpu.checker / runs.checks },
    };
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.close()));
    for (const child of children) child.disconnect();
  }
}
