import { eventsOf } from "@surety/node-kit";
import {
  attendanceAbi,
  attestationHubAbi,
  commitmentBookAbi,
  demandsAbi,
  disputeCourtAbi,
  epochClockAbi,
  faultsAbi,
  iSeedBeaconAbi,
  juriesAbi,
  modelRegistryAbi,
  penaltiesAbi,
  providerRegistryAbi,
  receiptLogAbi,
  rewardDistributorAbi,
  seatCasesAbi,
  verifierRegistryAbi,
} from "@surety/sdk";
import { getAbiItem, type ParseEventLogsReturnType } from "viem";

/** The contracts whose events a verifier lives by. */
export const WATCHED = [
  "EpochClock",
  "HeaderBeacon",
  "DrandBeacon",
  "ProviderRegistry",
  "ModelRegistry",
  "VerifierRegistry",
  "CommitmentBook",
  "ReceiptLog",
  "AttestationHub",
  "Penalties",
  "Faults",
  "Demands",
  "Juries",
  "DisputeCourt",
  "SeatCases",
  "Attendance",
  "RewardDistributor",
] as const;

const NAMES = [
  "WindowsSet",
  "SeedDrawn",
  "ProviderRegistered",
  "OwnerChanged",
  "OperatorChanged",
  "EndpointChanged",
  "ModelRegistered",
  "TicketBought",
  "TicketReturned",
  "Ejected",
  "Punished",
  "Promised",
  "LogCommitted",
  "Committed",
  "Revealed",
  "Settled",
  "Demanded",
  "Answered",
  "Unanswered",
  "ProbeShown",
  "CaseOpened",
  "CaseTried",
  "CaseClosed",
  "AccuserRefuted",
  "JuryCalled",
  "JurorCommitted",
  "JurorRevealed",
  "JurorPaid",
  "FaultProven",
  "Owed",
  "Claimed",
  "SeatCaseOpened",
  "SeatCaseClosed",
  "Missed",
  "Breached",
  "PromisePunished",
  "BountyAdded",
] as const;

// The tills have one interface: its events are taken from one of them.
const all = eventsOf([
  ...epochClockAbi,
  ...iSeedBeaconAbi,
  ...providerRegistryAbi,
  ...modelRegistryAbi,
  ...verifierRegistryAbi,
  ...commitmentBookAbi,
  ...receiptLogAbi,
  ...attestationHubAbi,
  ...faultsAbi,
  ...juriesAbi,
  ...disputeCourtAbi,
  ...demandsAbi,
  ...seatCasesAbi,
  ...attendanceAbi,
  getAbiItem({ abi: penaltiesAbi, name: "Punished" }),
  // Its claims are no till's.
  getAbiItem({ abi: rewardDistributorAbi, name: "BountyAdded" }),
]);
type Wanted = Extract<(typeof all)[number], { name: (typeof NAMES)[number] }>;

/** The events that facts are folded from. */
export const events = all
  .filter((event): event is Wanted => NAMES.some((name) => name === event.name))
  .filter((event, i, wanted) => wanted.findIndex(({ name }) => name === event.name) === i);

type Decoded = ParseEventLogsReturnType<typeof events, undefined, true>[number];
type Of<L> = L extends { eventName: infer N; args: infer A }
  ? { eventName: N; args: A; timestamp: bigint; block: bigint }
  : never;

/** A decoded event with the timestamp (Unix seconds) and the number of its block. */
export type ChainEvent = Of<Decoded>;
