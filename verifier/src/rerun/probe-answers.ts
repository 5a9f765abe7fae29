import { compare, decodeTensors, deviation, inDomain, type Tensor } from "@surety/protocol";
import type { Jobs } from "../jobs.ts";
import type { Model, Rerunner, Step, StepDeps } from "../ports.ts";
import type { Key, Probe } from "../store/index.ts";

/**
 * Re-runs the answers to a seat's own probes and notes the wrong ones. The report tells availability alone, so this waits
 * until commits have closed and the runtimes have nothing urgent.
 */
export function createProbeAnswers(deps: StepDeps & { jobs: Jobs; rerunner: Rerunner }): Step {
  const { store, facts, chainMs, models, log, jobs, rerunner } = deps;

  const judge = async (model: Model, probe: Probe, native: Tensor[] | Error): Promise<string> => {
    const claim = decodeTensors(probe.outputs!);
    const inputs = decodeTensors(probe.inputs!);
    if (native instanceof Error) return "unknown";
    if (deviation(claim, native, model.profile).every((o) => o.dev <= 1)) return "match";
    const [wasm] = await rerunner.wasm(probe.modelId, [inputs]);
    if (!wasm || wasm instanceof Error) return "unknown";
    return compare({ claim, native, wasm, profile: model.profile, inDomain: inDomain(model.manifest, inputs) }).verdict;
  };

  const judgeAll = async (a: Omit<Key, "role">, model: Model): Promise<void> => {
    const open = store.probes.of(a).filter((p) => p.state === "answered" && p.verdict === null);
    const results = await rerunner.native(
      a.modelId,
      open.map((p) => decodeTensors(p.inputs!)),
    );
    for (const [i, probe] of open.entries()) {
      const verdict = await judge(model, probe, results[i]!).catch((err: unknown) => {
        log.error({ ...nameOf(probe), err }, "the answer to a probe could not be judged");
        return "unknown";
      });
      store.probes.judge(probe, verdict);
      if (verdict === "mismatch") log.warn(nameOf(probe), "the answer to a probe is wrong");
    }
  };

  return {
    name: "probe-answers",
    advance() {
      const next = store.probes.unjudged();
      if (!next || chainMs() < Number(facts().times(next.epoch).commitEnd) * 1000) return;
      jobs.run("probe-answers", async () => {
        const model = models.get(next.modelId);
        if (model) await judgeAll(next, model);
        else for (const probe of store.probes.of(next)) store.probes.judge(probe, "unknown");
      });
    },
  };
}

const nameOf = ({ epoch, provider, modelId, i }: Probe) => ({ epoch, provider, modelId, i });
