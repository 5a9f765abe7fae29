import type { Datatype } from "@surety/protocol";

/** Answer of GET /v2. */
export type ServerMetadata = { name: string; version: string; extensions: string[] };

/** A tensor of a model; -1 in a shape: any size. */
export type TensorMetadata = { name: string; datatype: Datatype; shape: number[] };

/** Answer of GET /v2/models/{name}. */
export type ModelMetadata = {
  name: string;
  versions?: string[];
  platform: string;
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
};

/** Names the binary tensor extension in {@link ServerMetadata}. */
export const BINARY_EXTENSION = "binary_tensor_data";
