export * from "./abis/index.ts";
export * from "./court/index.ts";
export * from "./errors.ts";
export * from "./infer.ts";
export * from "./oip/index.ts";
export * from "./openings.ts";
