import type { ModelManifest, Tensor, ToleranceProfile } from "@surety/protocol";
import type { Hex } from "viem";

/** A model that a provider serves. */
export type ServedModel = {
  modelId: Hex;
  manifest: ModelManifest;
  /** How far honest outputs may differ. */
  profile: ToleranceProfile;
  /** The ONNX file. */
  onnx: Uint8Array;
};

/** What answers the requests for one model. */
export type Backend = {
  /** Runs one request; the outputs are those of the manifest, in any order. */
  run(inputs: Tensor[]): Promise<Tensor[]>;
  close(): Promise<void>;
};

/** Makes the backend of a model, once, before the provider listens. */
export type BackendFactory = (model: ServedModel) => Promise<Backend>;

/** What is known of a request before it runs. */
export type Admission = {
  modelId: Hex;
  /** The manifest's name. */
  model: string;
  epoch: bigint;
  /** Slot of the epoch, 0 to 23. */
  slot: number;
  units: number;
  /** Unix milliseconds. */
  atMs: number;
};

/** Says whether a request may run now; "capacity" is answered with 429. */
export type Admit = (request: Admission) => true | "capacity";
