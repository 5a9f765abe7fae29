import { unpackRerunReport } from "@surety/protocol";
import { type Address, encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";
import type { RecordEpoch } from "./reads.ts";

const OUTPUTS = parseAbiParameters("uint8, address, bytes32, uint64, uint8, uint8, uint8");
const PROBE = parseAbiParameters("uint8, address, bytes32, uint64, uint8, uint16");
const LOG = parseAbiParameters("address, bytes32, uint64");
const SAMPLE = parseAbiParameters("uint8, bytes32, uint64");

/** A seat of a record's epoch. */
export type SeatName = { provider: Address; modelId: Hex; epoch: bigint; role: number; seat: number };

/** Number of the demand for a seat's outputs on sample j, or on its own input after the last, as `Demands.outputsId`. */
export const outputsId = ({ provider, modelId, epoch, role, seat }: SeatName, j: number): Hex =>
  keccak256(encodeAbiParameters(OUTPUTS, [3, provider, modelId, epoch, role, seat, j]));

/** Number of the demand for a probe seat's receipt number i, as `Demands.probeId`. */
export const probeId = ({ provider, modelId, epoch, seat }: Omit<SeatName, "role">, i: number): Hex =>
  keccak256(encodeAbiParameters(PROBE, [4, provider, modelId, epoch, seat, i]));

/** Number of the demand for the leaf at a position. Two samples on one unit are one demand. */
export const sampleId = ({ provider, modelId, epoch }: RecordEpoch, position: bigint): Hex => {
  const log = keccak256(encodeAbiParameters(LOG, [provider, modelId, epoch]));
  return keccak256(encodeAbiParameters(SAMPLE, [0, log, position]));
};

/** Whether a seat says that it ran sample j: it owes its outputs then. */
export function hasRun(report: bigint, j: number): boolean {
  const verdict = unpackRerunReport(report).verdicts[j];
  return verdict === "match" || verdict === "mismatch";
}
