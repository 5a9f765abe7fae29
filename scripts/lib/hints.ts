/** How the numbers of an error read: the asset, Unix seconds, an epoch, a share (1e9 = 100 %), wad (1e18 = 1), or as they are. */
export type ErrorUnit = "asset" | "time" | "epoch" | "share" | "wad" | "plain";

/** What an operator can do about an error of the contracts. */
export type Hint = { unit?: ErrorUnit; hint: string };

const waitUntil = (what: string): Hint => ({ unit: "time", hint: `Wait until ${what}.` });

/** By name of the error. */
export const hints: Readonly<Record<string, Hint>> = {
  // The asset
  ERC20InsufficientBalance: { unit: "asset", hint: "Send more of the asset to the signing account." },
  ERC20InsufficientAllowance: { unit: "asset", hint: "Run the command again: it approves what is missing." },
  // Time
  EpochClockBeforeGenesis: waitUntil("genesis, when epoch 0 begins"),
  EpochClockEmptyWindow: { hint: "Give every window at least one second." },
  EpochClockLogTooLong: { hint: "Shorten --log-window or --beacon-lag, or lengthen --epoch-length." },
  EpochClockRevealTooLong: { hint: "Shorten --commit-window or --reveal-window, or lengthen --epoch-length." },
  EpochClockExitDelayTooShort: { hint: "Raise --exit-delay to the second number, or leave it out." },
  // Randomness
  BlsNoPrecompile: { hint: "This chain has no EIP-2537, so drand cannot be checked on it; see docs/beacons.md." },
  TippedBeaconTooEarly: waitUntil("the beacon's value is there"),
  // Stake
  StakePoolInsufficientStake: { unit: "asset", hint: "Bond the difference first, or ask for less." },
  StakePoolTooMuch: { unit: "asset", hint: "Bond at most the second number." },
  StakePoolNotLocked: { unit: "asset", hint: "It was unlocked before; look at the status." },
  StakePoolNoExit: { hint: "It was claimed, or never asked for; the status lists what is under way." },
  StakePoolTooEarly: waitUntil("the exit is released"),
  StakePoolWrongTransfer: { unit: "asset", hint: "The asset takes a fee on transfers; Surety refuses such tokens." },
  StakePoolZeroAmount: { hint: "Give an amount above 0." },
  // Who
  AccessManagedUnauthorized: { hint: "The deployment gave this right to a contract, not to an account." },
  ProviderRegistryRegistered: { hint: "Nothing to do: bond and commit next." },
  ProviderRegistryUnknown: { hint: "Register first: node scripts/provider.ts register." },
  ProviderRegistryNotOwner: { hint: "Sign with the owner's key, the second address." },
  ProviderRegistryOperatorTaken: { hint: "Use a fresh operator key: one key signs for one provider, for ever." },
  ProviderRegistryBadEndpoint: { hint: "Give an address of 1 to 256 bytes." },
  VerifierRegistryBadCount: { hint: "Buy from 1 to 32 tickets at a time." },
  VerifierRegistryNotHolder: { hint: "Name tickets of your own: node scripts/verifier.ts status lists them." },
  VerifierRegistryNoTicket: { hint: "Name tickets of your own: node scripts/verifier.ts status lists them." },
  VerifierRegistryReturned: { hint: "Nothing to do: the ticket was given back before." },
  VerifierRegistryEjected: { hint: "Wait for the second epoch: three missed duties eject." },
  VerifierRegistryBacked: { hint: "Name fewer tickets: the verifier's stake covers the others." },
  ClosablePaused: { hint: "Governance has paused what begins; exits, claims and answers go on." },
  VerifierRegistryIsProvider: { hint: "Verify with another key: stake answers for one role only." },
  // Models
  ModelRegistryRegistered: { hint: "Nothing to do: the model is known." },
  ModelRegistryBadLimit: { unit: "wad", hint: "Calibrate the model again; such a tolerance hides cheap copies." },
  // Promises
  CommitmentBookNotOwner: { hint: "Sign with the owner's key, the second address." },
  CommitmentBookUnknownModel: { hint: "Register the model first: node scripts/model.ts register." },
  CommitmentBookBadTarget: { unit: "share", hint: "Promise at most the second number: sampling resolves no more." },
  CommitmentBookTooEarly: { unit: "epoch", hint: "Leave --first-epoch out, or raise it to the second number." },
  CommitmentBookRunning: waitUntil("the promise's last epoch is settled"),
  CommitmentBookReleased: { hint: "Nothing to do: its bond is free." },
  // Pay
  RewardDistributorEpochOver: { unit: "time", hint: "Fund the current epoch or a later one." },
  RewardDistributorPending: waitUntil("the earlier epoch's settlement is over"),
  RewardDistributorNotOver: waitUntil("the epoch's settlement is over"),
  RewardDistributorSwept: { hint: "Nothing to do: the epoch was swept." },
  RewardDistributorUnknownProvider: { hint: "Check the address of the provider." },
  // The court
  ProviderRegistryOperatorBanned: { hint: "Use a fresh operator key: this one signed two contents for one receipt." },
  ReceiptLogBannedOperator: { hint: "Change the operator; a new key counts from the epoch after the next." },
  PayoutsNothingOwed: { hint: "Nothing to do: it was paid, or never owed." },
  PayoutsWrongTransfer: { unit: "asset", hint: "The asset takes a fee on transfers; Surety refuses such tokens." },
  EvidenceTooEarly: waitUntil("the time in the second number"),
  EvidenceTooLate: { unit: "time", hint: "It is over; nothing can be done about it any more." },
  EvidenceNoLog: { hint: "Without a log there is only the missing log to prove." },
  EvidenceNoSeed: { hint: "Draw the epoch's seed first." },
  EvidenceNoSample: { hint: "Name a sample below the second number." },
  EvidenceNotInLeaf: { hint: "Show the leaf that holds the position." },
  EvidenceNotSigned: { hint: "The receipt is not signed by the provider's operator of that epoch, for this chain." },
  EvidenceTooLarge: { hint: "The model's leaves may not be that long on chain; the inference cannot be opened." },
  EvidenceWrongInputs: { hint: "Post the canonical tensors, byte for byte." },
  EvidenceWrongSeal: { hint: "Post the leaf's own salt and the canonical output tensors, byte for byte." },
  EvidenceWrongOutputs: { hint: "Post the tensors whose hashes were committed, and their path." },
  FaultsProven: { hint: "Nothing to do: it was proven before." },
  DemandsMade: { hint: "Nothing to do: it was demanded before." },
  DemandsNotOpen: { hint: "It was answered, has failed, or was never made." },
  DemandsNoLeaf: { hint: "The receipt's number is beyond the log: demand the receipt, its omission is proven." },
  DemandsNoVerdict: { hint: "The seat did not say match or mismatch: it owes no outputs." },
  DemandsNoReceipt: { hint: "Name a receipt below the second number." },
  DemandsOtherSubject: { hint: "Answer with what was demanded: the same log, receipt and place." },
  JuriesBadSize: { hint: "Take 1 to 31 seats, and at least 11/15 of them to convict." },
  JuriesWrongTime: waitUntil("the jury's window; it may be over"),
  JuriesNoSeed: { hint: "Draw the seed of the jury's epoch first." },
  DisputeCourtNotSettled: { hint: "Settle the epoch first; anyone may." },
  DisputeCourtFree: { hint: "Nothing to do: a majority found it wrong, its case needs no bond." },
  DisputeCourtNoMismatch: { hint: "No majority found it wrong: open a case with a bond." },
  DisputeCourtOtherLeaf: { hint: "Show the leaf of this receipt: take the proof from the answer about it." },
  DisputeCourtOtherOutput: { hint: "Open the very output that the receipt was signed for." },
  DisputeCourtWrongState: { hint: "A leaf has one case, ever: look at it with `surety court show`." },
  DisputeCourtNotSampled: { hint: "Demand the leaf, or bring its signed receipt." },
  DisputeCourtJurySits: { hint: "Wait until the jury's time is over." },
  JuryFeesNothingDue: { hint: "Nothing to do: the juror was paid, did not vote, or the case pays none." },
};
