import type { Windows } from "@surety/protocol";

/** One whole token; amounts of the simulation are in whole tokens, on chain in its smallest unit. */
export const TOKEN = 10n ** 18n;
/** Turns whole tokens into the smallest unit, to a millionth of a token. */
export const wei = (tokens: number): bigint => BigInt(Math.round(tokens * 1e6)) * 10n ** 12n;
/** Turns the smallest unit into whole tokens. */
export const tokens = (amount: bigint): number => Number(amount) / 1e18;

/** Seconds of an epoch. Nothing depends on it but the units that a capacity covers: time is moved, not waited. */
export const EPOCH_LENGTH = 320n;

/** Steps of an epoch, seconds. Whoever is called before a jury is judged while the next epoch is attested. */
export const WINDOWS: Windows = {
  logWindow: 40n,
  beaconLag: 10n,
  openWindow: 20n,
  commitWindow: 40n,
  outputWindow: 20n,
  revealWindow: 40n,
  disputeWindow: EPOCH_LENGTH,
  answerWindow: 40n,
  juryWindow: 80n,
  grace: 10n,
};

/** What holds in every world: the promise that every provider makes, and what things cost. */
export const TERMS = {
  /** Providers of a world; a demand profile needs three owners. */
  providers: 4,
  /** Units per second that each promises, so units an epoch: capacity * EPOCH_LENGTH. */
  capacity: 1,
  /** Promised share of timely answers, 1e9 = 100 %: 64 probes an epoch, 22 a seat. */
  target: 995_000_000,
  /** Requests of one unit that users send to each provider in an epoch: three quarters of its capacity. */
  requests: 240,
  /** What a user pays for a unit; 7 * 320 * 0.375 = 840 tokens are bonded, 90 are earned in an epoch. */
  price: 0.375,
  /** Stake of a provider beyond what its promise binds, as a share of that. */
  spareStake: 0.1,
  /** Compute of one unit with the promised model. Rest of the price: hardware and margin. */
  inferenceCost: 0.20625,
  /** The same with the cheap model: half of the price is saved, as in the research behind section 8. */
  cheapCost: 0.01875,
  /** Hardware of a provider that serves its peaks in time, per epoch. */
  hardwareCost: 15,
  /** Re-running one sample: a tenth of an inference, one pass over input and output. */
  rerunCost: 0.02,
  /** Sending one probe. */
  probeCost: 0.02,
  /** What stake could earn elsewhere, per epoch: about 7 % in 365 of them. */
  capitalRate: 0.0002,
  /** Reward budget of an epoch: 75 % for providers, 20 % for verifiers. */
  budget: 200,
  /** Stake per ticket, and tickets per verifier: together half of a provider's stake, as the research asks. */
  ticket: 250,
  tickets: 2,
  demandBond: 1,
  caseBond: 10,
  /** Tokens per million gas: a rollup at 0.03 gwei and 3,300 tokens per ether. */
  gasPrice: 0.1,
  /** Share of honest answers that come late. */
  late: 0.001,
  /** Share of demand in each of the five peak slots; the other 19 share the rest: 34 % at peak, as in the research. */
  peakShare: 0.068,
  /** Slots in which demand peaks. */
  peakSlots: [9, 10, 11, 18, 19] as readonly number[],
  /**
   * What a seat finds of an answer by the cheap model: half-precision weights of eth-spot-tcn, the hardest to see of the
   * battery that saves work (docs/decisions/0008-power-of-a-profile.md, models/eth-spot-tcn/profile.json, 256 inputs).
   */
  power: { mismatch: 0.93, grey: 0.035 },
  /** Share of judged samples from which on a seat's panel test fails. Stands for Fisher's method of section 6. */
  panelShare: 0.25,
  /** Probability that the watcher demands one sample's own outputs from a seat that judged: a tenth, as in section 3. */
  audit: 0.1,
} as const;

/** A jury: its seats, the votes that convict, and how many verifiers a world needs to fill it beside a committee. */
export type JurySize = { seats: number; votes: number; verifiers: number };

/** Juries by the number of their seats: the one of the rules, and the devnet's. */
export const JURIES: Readonly<Record<5 | 15, JurySize>> = {
  5: { seats: 5, votes: 4, verifiers: 12 },
  15: { seats: 15, votes: 11, verifiers: 30 },
};
