export * from "./limits.ts";
export { HEADER_LENGTH, type OipMessage, type OipParameters, type RawMessage } from "./message.ts";
export * from "./metadata.ts";
export { receiptOf, receiptParameters } from "./receipt-parameters.ts";
export * from "./request.ts";
export * from "./request-parameters.ts";
export * from "./response.ts";
