import { eventsOf } from "@surety/node-kit";
import {
  attestationHubAbi,
  commitmentBookAbi,
  epochClockAbi,
  iSeedBeaconAbi,
  modelRegistryAbi,
  providerRegistryAbi,
  receiptLogAbi,
  verifierRegistryAbi,
} from "@surety/sdk";
import type { ParseEventLogsReturnType } from "viem";

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
  "Promised",
  "LogCommitted",
  "Committed",
  "Revealed",
  "Settled",
] as const;

const all = eventsOf([
  ...epochClockAbi,
  ...iSeedBeaconAbi,
  ...providerRegistryAbi,
  ...modelRegistryAbi,
  ...verifierRegistryAbi,
  ...commitmentBookAbi,
  ...receiptLogAbi,
  ...attestationHubAbi,
]);
type Wanted = Extract<(typeof all)[number], { name: (typeof NAMES)[number] }>;

/** The events that facts are folded from. */
export const events = all.filter((event): event is Wanted => NAMES.some((name) => name === event.name));

type Decoded = ParseEventLogsReturnType<typeof events, undefined, true>[number];
type Of<L> = L extends { eventName: infer N; args: infer A } ? { eventName: N; args: A; timestamp: bigint } : never;

/** A decoded event with the timestamp of its block, Unix seconds. */
export type ChainEvent = Of<Decoded>;
