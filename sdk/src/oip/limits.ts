/** What one message may hold. The rank of a tensor is bounded by `MAX_RANK` of the protocol. */
export type OipLimits = {
  /** Bytes of the whole body. */
  bodyBytes: number;
  /** Tensors in a message, and outputs that a request may name. */
  tensors: number;
  /** Characters of an id, a model's name or a version. */
  textLength: number;
};

/** Limits for messages of unknown models: 16 MiB, 64 tensors, texts of 1,024 characters. */
export const OIP_LIMITS: OipLimits = { bodyBytes: 16 << 20, tensors: 64, textLength: 1024 };
