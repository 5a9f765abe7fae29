import type { Windows } from "@surety/protocol";

/** Seconds of the demo's day. */
export const EPOCH_LENGTH = 20n;

/**
 * Steps of an epoch, seconds: those that take transactions outlast a stall of three seconds of a busy machine, and so does
 * each half of a jury's window. What is settled of one day, committed of the next and asked at the peak of the third come
 * one after the other. Disputes end after a jury that is called as soon as a case is there.
 */
export const WINDOWS: Windows = {
  logWindow: 5n,
  beaconLag: 1n,
  openWindow: 7n,
  commitWindow: 6n,
  outputWindow: 3n,
  revealWindow: 5n,
  disputeWindow: 30n,
  answerWindow: 12n,
  juryWindow: 12n,
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
/** Tickets of the verifier that runs nothing. */
export const LAZY_TICKETS = 2;
/** Number of honest verifiers: beside a committee of five a jury of five has to be drawn. */
export const VERIFIERS = 12;
/** Processes that they share: each has one ONNX Runtime, native and WASM, for all its keys. */
export const VERIFIER_HOSTS = 2;
/** Reward budget of an epoch, and pay for drawing its seed. */
export const BUDGET = 1_000n * TOKEN;
export const TIP = TOKEN;
/** Bonds of demands and cases, and a jury that twelve verifiers can fill. */
export const DEMAND_BOND = TOKEN;
export const CASE_BOND = 10n * TOKEN;
/** What each verifier has for bonds of its accusations. */
export const ACCUSER_MONEY = 20n * TOKEN;
/** Juries that each provider's operator can pay for; a jury that convicts keeps the bond. */
export const JURIES = 6n;
export const JURY = { jurySize: 5n, juryVotes: 4n } as const;
/** Share of its ceiling that the dapp asks of a score. */
export const THRESHOLD_SHARE = 0.96;
/** Oldest measurement that the dapp accepts, epochs. */
export const MAX_AGE = 6n;
