import type { Address, Hex } from "viem";
import type { GasFigures } from "./gas.ts";

/** What a provider of the demo does. */
export type Behaviour = "honest" | "sheds-peak" | "cheap-model";

/** One record at the end of the demo. Rates and scores are fractions of 1. */
export type RecordResult = {
  model: string;
  modelId: Hex;
  availability: {
    /** What the provider's behaviour gives under the published demand profiles of the counted epochs. */
    true: number;
    /** Measured over time: every slot of the day counts the same. */
    uniform: number;
    /** Measured as demand arrives: what settled. */
    weighted: number;
    /** Probes that settled. */
    probes: number;
  };
  correctness: {
    /** Share of served answers that came from the promised model. */
    true: number;
    /** Matches among the samples that a majority judged. */
    measured: number;
    /** Samples drawn. */
    checked: number;
    mismatches: number;
    /** Samples without a majority either way. */
    grey: number;
  };
  score: number;
  /** The score of a record with the same epochs and sample counts and no failure. */
  ceiling: number;
  /** Effective number of probes behind the score. */
  samples: number;
  dapp: { accepted: boolean; reason: string };
};

/** One provider at the end of the demo. Money is in the asset's smallest unit, as decimal text. */
export type ProviderResult = {
  name: string;
  address: Address;
  behaviour: Behaviour;
  stake: { before: string; after: string };
  pay: string;
  openCases: number;
  /** Cases that were confirmed: by a jury, or as nobody defended them; and those that ended otherwise. */
  cases: { byJury: number; bySilence: number; others: number };
  losses: Loss[];
  records: RecordResult[];
};

/** What slashes of one cause took from an account. */
export type Loss = { cause: string; times: number; taken: string };

/** One verifier at the end of the demo. */
export type VerifierResult = {
  name: string;
  address: Address;
  assignments: number;
  attested: number;
  missed: number;
  pay: string;
  losses: Loss[];
};

/** The verifier that ran nothing, at the end of the demo. */
export type LazyResult = {
  address: Address;
  /** Reports of re-runs that it revealed. */
  reports: number;
  stake: { before: string; after: string };
  pay: string;
  losses: Loss[];
};

/** The client that signs its requests, at the end of the demo. */
export type ClientResult = {
  address: Address;
  /** Its own answers that were confirmed as wrong, by its own receipts. */
  wronged: number;
  /** Leaves for which slashes gave it something, and how much. */
  leaves: number;
  restored: string;
  /** What it claimed, as its balance says. */
  claimed: string;
};

/** One record in one settled epoch. Bitmaps are hexadecimal; bit j is sample j. */
export type EpochRecord = {
  provider: string;
  model: string;
  probes: number;
  timely: number;
  peakProbes: number;
  peakTimely: number;
  m: number;
  matches: number;
  /** Samples that a majority found to match. */
  matched: Hex;
  /** Samples that a majority found wrong. */
  mismatches: Hex;
  /** Samples whose answer came from the cheap model, by the provider's own confession. */
  swapped: Hex;
  score: number;
  /** Availability that the provider's behaviour gives under this epoch's profile. */
  trueAvailability: number;
};

/** One epoch in which every record was settled. */
export type EpochResult = {
  epoch: number;
  counted: boolean;
  /** Share of demand per slot that probes were drawn from, by model; empty while flat. */
  profile: Record<string, number[]>;
  commitments: number;
  reveals: number;
  records: EpochRecord[];
};

/** What the demo writes as JSON. */
export type DemoResult = {
  chainId: number;
  /** Counted epochs. */
  epochs: number;
  seed: number;
  /** Score that the dapp asks for. */
  threshold: number;
  providers: ProviderResult[];
  verifiers: VerifierResult[];
  lazy: LazyResult;
  client: ClientResult;
  gas: Record<string, GasFigures>;
  /** Seconds by phase of the demo. */
  phases: Record<string, number>;
  epochsLog: EpochResult[];
};

/** One thing that the demo says happened. */
export type Check = { name: string; holds: boolean; detail: string };
