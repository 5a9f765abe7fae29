import { type Comparison, type PanelCalibration, panelTest, SAMPLE_COUNTS, type SampleCount } from "@surety/protocol";
import { pick, type Random } from "../models/random.ts";

/** One answer as the two tests see it. */
export type Answer = {
  verdict: Comparison["verdict"];
  /** In units of tau; undefined where the panel does not judge it. */
  deviation: number | undefined;
};

/** Of so many simulated epochs, how many passed each test and both. */
export type Passed = { epochs: number; single: number; panel: number; both: number };

/** What epochs are drawn from. */
export type Draw = {
  /** By input, the answers that a provider may give to it; one of them is drawn. */
  answers: readonly (readonly Answer[])[];
  /** The panel test of the profile; without it only single answers are judged. */
  panel: PanelCalibration | undefined;
  epochs: number;
  random: Random;
};

/**
 * One epoch: inputs drawn with repetition. Each answer is judged alone; the panel takes each input once, by its largest
 * deviation, as docs/protocol.md section 6 has it for repeated requests.
 */
function judgeEpoch({ answers, panel, random }: Draw, samples: number) {
  const deviations = new Map<number, number>();
  let single = true;
  for (let sample = 0; sample < samples; sample++) {
    const input = pick(random, answers.length);
    const options = answers[input]!;
    const { verdict, deviation } = options[pick(random, options.length)]!;
    if (verdict === "mismatch") single = false;
    if (deviation !== undefined) deviations.set(input, Math.max(deviation, deviations.get(input) ?? 0));
  }
  return { single, panel: panel === undefined || panelTest([...deviations.values()], panel).verdict !== "fail" };
}

/** Simulates epochs of 12, 24 and 48 samples and counts those in which no test speaks against the provider. */
export function simulateEpochs(draw: Draw): Record<SampleCount, Passed> {
  const simulate = (samples: number): Passed => {
    const passed: Passed = { epochs: draw.epochs, single: 0, panel: 0, both: 0 };
    for (let epoch = 0; epoch < draw.epochs; epoch++) {
      const { single, panel } = judgeEpoch(draw, samples);
      passed.single += Number(single);
      passed.panel += Number(panel);
      passed.both += Number(single && panel);
    }
    return passed;
  };
  const entries = SAMPLE_COUNTS.map((samples) => [samples, simulate(Number(samples))]);
  return Object.fromEntries(entries) as Record<SampleCount, Passed>;
}

/**
 * Answers of a provider that cheats on a share of its requests, drawn by chance.
 *
 * @param cheating one answer per input; @param honest those it may give otherwise, per input
 * @param share 1, or a unit fraction such as 1 / 10
 */
export function mixAnswers(
  cheating: readonly Answer[],
  honest: readonly (readonly Answer[])[],
  share: number,
): Answer[][] {
  if (share === 1) return cheating.map((answer) => [answer]);
  return cheating.map((answer, input) => {
    const others = honest[input]!;
    // As many copies of each that one drawn at random is the cheat's with probability `share`.
    const copies = Math.round(1 / share) - 1;
    return [...others.map(() => answer), ...Array<readonly Answer[]>(copies).fill(others).flat()];
  });
}
