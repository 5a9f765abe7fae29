export * from "./answers.ts";
export * from "./attested.ts";
export * from "./client.ts";
export * from "./proof.ts";
export * from "./saved-receipt.ts";
export * from "./states.ts";
