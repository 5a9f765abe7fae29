// Written by scripts/abis.ts from the compiled contracts. Do not edit.
export * from "./AttestationHub.ts";
export * from "./CommitmentBook.ts";
export * from "./DrandBeacon.ts";
export * from "./EpochClock.ts";
export * from "./errors.ts";
export * from "./GatedConsumer.ts";
export * from "./HeaderBeacon.ts";
export * from "./IReliability.ts";
export * from "./ISeedBeacon.ts";
export * from "./ModelRegistry.ts";
export * from "./ProviderRegistry.ts";
export * from "./ReceiptLog.ts";
export * from "./ReliabilityLedger.ts";
export * from "./RewardDistributor.ts";
export * from "./StakePool.ts";
export * from "./VerifierRegistry.ts";
