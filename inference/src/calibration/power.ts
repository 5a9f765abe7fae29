import {
  type CheatName,
  type CheatPower,
  type Comparison,
  compare,
  type Missed,
  MOST_DEVIATION,
  MOST_HONEST,
  type PanelCalibration,
  panelDeviation,
  panelTest,
  SAMPLE_COUNTS,
  type SampleCount,
  type Share,
  type Tensor,
  type ToleranceProfile,
  wilsonInterval,
} from "@surety/protocol";
import { median, tidy } from "./numbers.ts";
import { seededRandom } from "./random.ts";

/** Epochs simulated for each probability. */
export const SIMULATED = 10_000;
/** How much more than in calibration honest answers of unseen hardware may deviate. */
const STRETCH = 2;
/** A panel that fails only has the next log sampled at full depth: once in 10,000 epochs is cheap. */
const ALPHA = 1e-4;
/** Fewer samples are too few to tell anything together. */
const LEAST = 8;

/** The panel test's calibration, from the honest deviations in units of tau, ascending. */
export function calibratePanel(deviations: readonly number[], seed: number): PanelCalibration {
  const step = Math.max(1, (deviations.length - 1) / (MOST_HONEST - 1));
  const kept = Math.min(deviations.length, MOST_HONEST);
  const honest = Array.from({ length: kept }, (_, i) => tidy(deviations[Math.round(i * step)]!));
  const panel = { honest, stretch: STRETCH, alpha: ALPHA, least: LEAST };
  const calibration = { ...panel, falseAlarms: { 12: 0, 24: 0, 48: 0 } };
  const falseAlarms = bySampleCount((m) => {
    const random = seededRandom(seed + m);
    let failed = 0;
    for (let epoch = 0; epoch < SIMULATED; epoch++) {
      const drawn = Array.from({ length: m }, () => deviations[Math.floor(random() * deviations.length)]!);
      if (panelTest(drawn, calibration).verdict === "fail") failed++;
    }
    return failed / SIMULATED;
  });
  return { ...calibration, falseAlarms };
}

/** A cheat's answers, and the honest ones to the same inputs. */
export type CheatRuns = { cheat: CheatName; claims: Tensor[][]; native: Tensor[][]; wasm: Tensor[][] };

/** Measures how well a profile tells a cheat: with `compare` and `panelTest`, as a verifier does. */
export function measurePower(profile: ToleranceProfile, runs: CheatRuns): CheatPower {
  const { cheat, claims, native, wasm } = runs;
  const found = claims.map((claim, i) =>
    compare({ claim, native: native[i]!, wasm: wasm[i]!, profile, inDomain: true }),
  );
  const share = (verdict: Comparison["verdict"]): Share =>
    shareOf(found.filter((c) => c.verdict === verdict).length, found.length);
  const far = found.map(({ outputs }) =>
    Math.min(furthest(outputs, "native"), furthest(outputs, "wasm"), MOST_DEVIATION),
  );
  const answers = found.map(
    (comparison): Answer => ({
      isMismatch: comparison.verdict === "mismatch",
      deviation: panelDeviation(comparison),
    }),
  );
  return {
    cheat,
    inputs: claims.length,
    least: tidy(Math.min(...far)),
    median: tidy(median(far)),
    match: share("match"),
    grey: share("grey"),
    mismatch: share("mismatch"),
    missed: { all: missedBy(profile, answers, 1), tenth: missedBy(profile, answers, 0.1) },
  };
}

/** One answer of a cheat as the tests see it. */
type Answer = { isMismatch: boolean; deviation: number | undefined };

const furthest = (outputs: Comparison["outputs"], side: "native" | "wasm") => Math.max(...outputs.map((o) => o[side]));

function shareOf(count: number, of: number): Share {
  const { low, high } = wilsonInterval(count, of);
  return {
    share: tidy(count / of),
    low: Math.min(tidy(low), tidy(count / of)),
    high: Math.max(tidy(high), tidy(count / of)),
  };
}

const bySampleCount = <T>(measure: (m: number) => T) =>
  Object.fromEntries(SAMPLE_COUNTS.map((m) => [m, measure(Number(m))])) as Record<SampleCount, T>;

/**
 * Probability that m samples miss a provider that cheats on a share of its answers: of the single answers in closed form, of
 * single answers and panel together over simulated epochs.
 */
function missedBy(profile: ToleranceProfile, answers: readonly Answer[], share: number): Record<SampleCount, Missed> {
  const caught = answers.filter(({ isMismatch }) => isMismatch).length / answers.length;
  return bySampleCount((m) => {
    const single = (1 - share * caught) ** m;
    return {
      single: tidy(single),
      both: profile.panel === undefined ? tidy(single) : simulate(profile, answers, share, m),
    };
  });
}

function simulate({ panel, seed }: ToleranceProfile, answers: readonly Answer[], share: number, m: number): number {
  const random = seededRandom(seed + 1000 * m + Math.round(10 * share));
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  let missed = 0;
  for (let epoch = 0; epoch < SIMULATED; epoch++) {
    const deviations: number[] = [];
    let isCaught = false;
    for (let j = 0; j < m && !isCaught; j++) {
      if (share < 1 && random() >= share) {
        deviations.push(pick(panel!.honest));
        continue;
      }
      const { isMismatch, deviation } = pick(answers);
      isCaught = isMismatch;
      if (deviation !== undefined) deviations.push(deviation);
    }
    if (!isCaught && panelTest(deviations, panel!).verdict !== "fail") missed++;
  }
  return missed / SIMULATED;
}
