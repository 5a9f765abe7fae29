/** How a provider behaves. */
export type ProviderConduct = {
  /** Share of its leaves that the cheap model answers. */
  cheap: number;
  /** Share of its answers that come late, in peak slots and in others. */
  lateAtPeak: number;
  lateElsewhere: number;
  /** Hardware that it buys, as a share of what serves its peaks in time. */
  hardware: number;
  /** Units that it sends itself, all with one input: they cost it one inference and are billed to nobody. */
  padding: number;
  /** Takes cases to a jury: those that it can win, or all. */
  defends: "innocent" | "always";
  /** Epochs that lateness and missing hardware last, after which it serves well; 0: always. */
  spell: number;
  /** Comes back under a new identity once the spell is over, beside the old one whose stake is still bound. */
  returns: boolean;
};

/** What a verifier says of the samples of one provider. */
export type Says = "truth" | "match" | "mismatch";

/** How a verifier behaves. */
export type VerifierConduct = {
  /**
   * Sends its probes; reports that all were answered in time without any, or counts one receipt for all; or says that none
   * was answered.
   */
  probes: "sent" | "claimed" | "repeated" | "failed";
  /** Where its outputs come from: a run, nowhere, thin air, or the provider that leaks its own before it has to. */
  outputs: "run" | "none" | "made up" | "leaked";
  /** What it says by provider's number; of the others, the truth if it ran, else match. */
  says: Readonly<Record<number, Says>>;
  /** What it says of all that `says` does not name. Truth needs outputs that it ran. */
  otherwise: Says;
  /** Sits on juries, by what it finds; acquits its friend whatever it finds; or stays away. */
  jury: "truth" | "friend" | "absent";
  /** Number of the provider that it stands by; also the one that leaks. -1: none. */
  friend: number;
  /** Opens a bonded case and two demands against honest actors in every epoch. */
  griefs: boolean;
};

/** Serves what it promised. */
export const HONEST_PROVIDER: ProviderConduct = {
  cheap: 0,
  lateAtPeak: 0,
  lateElsewhere: 0,
  hardware: 1,
  padding: 0,
  defends: "innocent",
  spell: 0,
  returns: false,
};

/** Probes, runs, says what it finds. */
export const HONEST_VERIFIER: VerifierConduct = {
  probes: "sent",
  outputs: "run",
  says: {},
  otherwise: "truth",
  jury: "truth",
  friend: -1,
  griefs: false,
};

/** Does nothing, says that all is well. */
export const LAZY_VERIFIER: VerifierConduct = {
  ...HONEST_VERIFIER,
  probes: "claimed",
  outputs: "none",
  otherwise: "match",
  jury: "absent",
};

/** Whether a provider's bad spell lasts in the `age`-th epoch since it began, from 0. */
export const inSpell = ({ spell }: ProviderConduct, age: number): boolean => spell === 0 || age < spell;
