import { batteryOf, type Rerun } from "@surety/inference";
import { type Comparison, compare, inDomain, panelDeviation, SuretyError, type Tensor } from "@surety/protocol";
import type { Random } from "../models/random.ts";
import { type Configuration, openRuntime, runAll } from "./configurations.ts";
import { type Answer, mixAnswers, simulateEpochs } from "./epochs.ts";
import type { Engine } from "./foreign.ts";
import type { CheatResult, HonestResult, ModelResult, Verdicts } from "./result.ts";
import type { Subject } from "./subjects.ts";

/** How much is measured. */
export type Extent = {
  /** Most inputs under a slow configuration. */
  slow: number;
  /** Simulated epochs per number of samples, and the stream that they are drawn from. */
  epochs: number;
  random: Random;
  onProgress: (what: string, done: number, total: number) => void;
  /** Told of a configuration that cannot be had here; it is left out. */
  onLeftOut: (configuration: string, why: SuretyError) => void;
};

/** Part of a provider's answers that it cheats on: all of them, or a tenth. */
const SHARES = { all: 1, tenth: 0.1 };

/** A model under measurement: its fresh inputs, and one's own outputs for them. */
type Bench = Subject & { own: Rerun[] };

/** Closes an engine whatever happens. */
async function using<T>(engine: Engine, work: (engine: Engine) => Promise<T>): Promise<T> {
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** @param inputs indices of the inputs that the claims answer */
const judge = ({ own, profile, manifest, fresh }: Bench, inputs: number[], claims: Tensor[][]): Comparison[] =>
  claims.map((claim, k) => {
    const i = inputs[k]!;
    return compare({ claim, ...own[i]!, profile, inDomain: inDomain(manifest, fresh[i]!) });
  });

/** `count` indices evenly over `length`, or all of them. */
const evenly = (length: number, count: number): number[] =>
  Array.from({ length: Math.min(length, count) }, (_, k) => Math.floor((k * length) / Math.min(length, count)));

const toAnswer = (comparison: Comparison): Answer => ({
  verdict: comparison.verdict,
  deviation: panelDeviation(comparison),
});

/** Deviation of an answer from a reference, whatever its verdict, in units of tau. */
const deviationFrom = (reference: "native" | "wasm", { outputs }: Comparison): number =>
  Math.max(0, ...outputs.map((output) => output[reference]));

const nearer = (comparison: Comparison): number =>
  Math.min(deviationFrom("native", comparison), deviationFrom("wasm", comparison));

const countVerdicts = (found: Comparison[]): Verdicts => {
  const of = (verdict: Comparison["verdict"]) => found.filter((comparison) => comparison.verdict === verdict).length;
  return { match: of("match"), grey: of("grey"), mismatch: of("mismatch") };
};

const sameBits = (a: Tensor[], b: Tensor[]): boolean =>
  a.length === b.length && a.every(({ data }, k) => Buffer.compare(data, b[k]!.data) === 0);

/** Infinity is no JSON. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** What class `exact` promises: bit for bit, but only under what is pinned. */
const PINNED: Configuration = {
  name: "as pinned, a new process",
  slow: false,
  open: async () => openRuntime({ kind: "native", optimization: "all" }),
};

/** Claims of a configuration, or undefined if this machine cannot make them. */
async function claimsUnder({ name, open }: Configuration, model: Uint8Array, inputs: Tensor[][], extent: Extent) {
  try {
    return await using(await open(), async (engine) => {
      await engine.load(model);
      return runAll(engine, inputs, (done) => extent.onProgress(name, done, inputs.length));
    });
  } catch (error) {
    if (!(error instanceof SuretyError && error.code.startsWith("BENCH_"))) throw error;
    extent.onLeftOut(name, error);
    return undefined;
  }
}

async function measureHonest(bench: Bench, configurations: readonly Configuration[], extent: Extent) {
  const { model, fresh, own, profile } = bench;
  const results: HonestResult[] = [];
  const answers: Answer[][] = fresh.map(() => []);
  for (const configuration of profile.class === "exact" ? [PINNED] : configurations) {
    const inputs = evenly(fresh.length, configuration.slow ? extent.slow : fresh.length);
    const sets = inputs.map((i) => fresh[i]!);
    const claims = await claimsUnder(configuration, model, sets, extent);
    if (claims === undefined) continue;
    const found = judge(bench, inputs, claims);
    const here = found.map(toAnswer);
    for (const [k, answer] of here.entries()) answers[inputs[k]!]!.push(answer);
    results.push({
      configuration: configuration.name,
      checks: found.length,
      different: claims.filter((claim, k) => !sameBits(claim, own[inputs[k]!]!.native)).length,
      verdicts: countVerdicts(found),
      fromNative: finite(Math.max(...found.map((comparison) => deviationFrom("native", comparison)))),
      fromNearer: finite(Math.max(...found.map(nearer))),
      epochs: simulateEpochs({
        answers: here.map((answer) => [answer]),
        panel: profile.panel,
        epochs: extent.epochs,
        random: extent.random,
      }),
    });
  }
  return { results, answers };
}

async function measureCheats(bench: Bench, native: Engine, honest: Answer[][], extent: Extent) {
  const { model, fresh, own, profile } = bench;
  const results: CheatResult[] = [];
  const idle: ModelResult["idle"] = [];
  const mine = own.map((rerun) => rerun.native);
  const inputs = evenly(fresh.length, fresh.length);
  for (const cheat of batteryOf(model)) {
    let claims: Tensor[][];
    if ("model" in cheat) {
      await native.load(cheat.model);
      claims = await runAll(native, fresh, (done) => extent.onProgress(cheat.cheat, done, fresh.length));
    } else claims = mine.map((_, i) => cheat.outputs(mine, i));
    if (claims.every((claim, i) => sameBits(claim, mine[i]!))) {
      idle.push(cheat.cheat);
      continue;
    }
    const found = judge(bench, inputs, claims);
    const answers = found.map(toAnswer);
    const deviations = found.map(nearer).sort((a, b) => a - b);
    const epochs = (share: number) =>
      simulateEpochs({
        answers: mixAnswers(answers, honest, share),
        panel: profile.panel,
        epochs: extent.epochs,
        random: extent.random,
      });
    results.push({
      cheat: cheat.cheat,
      answers: found.length,
      verdicts: countVerdicts(found),
      least: finite(deviations[0]!),
      median: finite(deviations[deviations.length >> 1]!),
      epochs: { all: epochs(SHARES.all), tenth: epochs(SHARES.tenth) },
    });
  }
  return { results, idle };
}

/**
 * Measures one model on its fresh inputs: honest answers under configurations that calibration did not see, then the
 * answers of every cheat of the battery, each judged alone by `compare` and together by `panelTest`.
 *
 * @throws what the runtimes of @surety/inference throw
 */
export async function measure(
  subject: Subject,
  configurations: readonly Configuration[],
  extent: Extent,
): Promise<Omit<ModelResult, "seconds">> {
  const { name, source, model, fresh, profile } = subject;
  return using(openRuntime({ kind: "native" }), async (native) => {
    const wasm = openRuntime({ kind: "wasm" });
    const [mine, other] = await using(wasm, async () => {
      await Promise.all([native.load(model), wasm.load(model)]);
      const report = (done: number) => extent.onProgress("native and WASM", done, fresh.length);
      return Promise.all([runAll(native, fresh, () => {}), runAll(wasm, fresh, report)]);
    });
    const bench = { ...subject, own: fresh.map((_, i) => ({ native: mine[i]!, wasm: other[i]! })) };
    const honest = await measureHonest(bench, configurations, extent);
    const cheats = await measureCheats(bench, native, honest.answers, extent);
    return {
      name,
      source,
      class: profile.class,
      calibrated: profile.C,
      fresh: fresh.length,
      outputs: profile.outputs,
      honest: honest.results,
      cheats: cheats.results,
      idle: cheats.idle,
    };
  });
}
