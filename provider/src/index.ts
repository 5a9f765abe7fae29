export * from "./chain.ts";
export { type ProviderSettings, providerSettings } from "./config.ts";
export * from "./model.ts";
export * from "./models.ts";
export * from "./native-backend.ts";
export * from "./provider.ts";
export { type Overrides, type StartSettings, startProvider } from "./serve-command.ts";
export type { ModelStatus, ProviderStatus } from "./status.ts";
export { connectChain, type ViemChainOptions } from "./viem-chain.ts";
