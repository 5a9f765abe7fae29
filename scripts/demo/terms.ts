import type { Windows } from "@surety/protocol";

/** Seconds of the demo's day. */
export const EPOCH_LENGTH = 11n;

/** Steps of an epoch, seconds; disputes stay open, as the demo has no court. */
export const WINDOWS: Windows = {
  logWindow: 3n,
  beaconLag: 1n,
  openWindow: 3n,
  commitWindow: 3n,
  outputWindow: 2n,
  revealWindow: 3n,
  disputeWindow: 60n,
  answerWindow: 2n,
  juryWindow: 2n,
  grace: 2n,
};

/** One whole token. */
const TOKEN = 10n ** 18n;

/** An answer later than this is not timely, milliseconds: a busy machine is no bad provider. */
export const LATENCY_MS = 2_000;
/** Promised share of timely answers: 99.5 % needs 64 probes an epoch, 99 % half of them. 1e9 = 100 %. */
export const TARGETS = { 64: 995_000_000n, 32: 990_000_000n } as const;
/** Units per second that each provider promises for each model. */
export const CAPACITY = 200;
/** Price of one unit. */
export const UNIT_PRICE = TOKEN / 100n;
/** What each provider bonds: seven epochs of full revenue of three models, and a tenth more. */
export const PROVIDER_BOND = (3n * 7n * BigInt(CAPACITY) * EPOCH_LENGTH * UNIT_PRICE * 11n) / 10n;
/** Stake per ticket, and tickets per verifier. */
export const TICKET = 100n * TOKEN;
export const TICKETS = 4;
/** Number of verifiers: five seats have to be filled, and not always by the same. */
export const VERIFIERS = 6;
/** Reward budget of an epoch, and pay for drawing its seed. */
export const BUDGET = 1_000n * TOKEN;
export const TIP = TOKEN;
/** Bonds of demands and cases, and a jury that twelve verifiers can fill. */
export const DEMAND_BOND = TOKEN;
export const CASE_BOND = 10n * TOKEN;
export const JURY = { jurySize: 5n, juryVotes: 4n } as const;
/** Share of its ceiling that the dapp asks of a score. */
export const THRESHOLD_SHARE = 0.945;
/** Oldest measurement that the dapp accepts, epochs. */
export const MAX_AGE = 6n;
