import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  buildMerkleSum,
  encodeTensors,
  epochAt,
  type LeafFields,
  leafHash,
  leafSalt,
  packSlots,
  type Receipt,
  receiptDomain,
  samplePositions,
  sealOutput,
  signReceipt,
  slotAt,
  type Tensor,
  tensorHash,
  units,
} from "@surety/protocol";
import {
  decodeInferRequest,
  encodeInferResponse,
  encodeOpening,
  HEADER_LENGTH,
  receiptParameters,
  requestClaimOf,
} from "@surety/sdk";
import { type Address, type Hex, keccak256, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Clock } from "../ports.ts";
import { CHAIN_ID, RECEIPTS, type SimChain } from "./sim-chain.ts";
import { manifest, toyId, toyRun } from "./toy-model.ts";

/** What a provider may do wrong. Each hook may answer the request itself and return true. */
export type Misbehaviour = {
  infer?: (request: IncomingMessage, response: ServerResponse) => boolean;
  inputs?: (response: ServerResponse, honest: string) => boolean;
  outputs?: (response: ServerResponse, honest: string) => boolean;
  /** Added to each output served. */
  error?: () => number;
  /** Changes a receipt before it is signed. */
  receipt?: (receipt: Receipt) => Receipt;
  /** Signs instead of the operator. */
  key?: Hex;
};

type Served = { receipt: Receipt; salt: Hex; fields: LeafFields; inputs: Uint8Array; outputs: Uint8Array };

/** A provider of the toy model over real HTTP with real receipts, logs and openings. For tests. */
export type ToyProvider = {
  provider: Address;
  operator: Address;
  endpoint: string;
  misbehave: Misbehaviour;
  /** Serves a request as if a client had sent it. */
  serve(inputs: Tensor[]): Promise<void>;
  /** Commits the log of an epoch. */
  commitLog(epoch: bigint, m: number): void;
  close(): Promise<void>;
};

const OPERATOR = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/** Starts a provider on a free port. */
export async function startToyProvider(chain: SimChain, clock: Clock, provider: Address): Promise<ToyProvider> {
  const domain = receiptDomain({ chainId: BigInt(CHAIN_ID), receiptLog: RECEIPTS });
  const served = new Map<bigint, Served[]>();
  const misbehave: Misbehaviour = {};

  const enter = async (
    inputs: Tensor[],
    client: Address = zeroAddress,
  ): Promise<{ outputs: Tensor[]; receipt: Receipt; signature: Hex }> => {
    const outputs = toyRun(inputs, misbehave.error?.() ?? 0);
    const at = clock.now();
    const epoch = epochAt(chain.epochs, BigInt(Math.floor(at / 1000)));
    const log = served.get(epoch) ?? [];
    served.set(epoch, log);
    const receipt: Receipt = {
      provider,
      modelId: toyId,
      epoch,
      seq: log.length,
      slot: slotAt(chain.epochs, epoch, BigInt(Math.floor(at))),
      client,
      inputHash: tensorHash(inputs),
      outputHash: tensorHash(outputs),
      units: units(manifest, inputs),
      servedAtMs: BigInt(Math.floor(at)),
      latencyMs: 1,
    };
    const salt = leafSalt(keccak256(toHexEpoch(epoch)), receipt.seq);
    const { outputHash, ...rest } = receipt;
    const fields = { ...rest, sealed: sealOutput(salt, outputHash) };
    log.push({ receipt, salt, fields, inputs: encodeTensors(inputs), outputs: encodeTensors(outputs) });
    const told = misbehave.receipt?.(receipt) ?? receipt;
    return { outputs, receipt: told, signature: await signReceipt(told, domain, misbehave.key ?? OPERATOR) };
  };

  const treeOf = (epoch: bigint) =>
    buildMerkleSum((served.get(epoch) ?? []).map(({ fields }) => ({ hash: leafHash(fields), units: fields.units })));

  const opening = (epoch: bigint, what: "inputs" | "outputs"): string => {
    const tree = treeOf(epoch);
    const log = chain.facts().log(provider, toyId, epoch)!;
    const { seed } = chain.facts().seed(epoch)!;
    const positions = samplePositions({ seed, provider, modelId: toyId, epoch, m: log.m, units: log.units });
    const indices = [...new Set(positions.map((p) => tree.locate(p)))].sort((a, b) => a - b);
    const entries = indices.map((index) => ({ index, ...served.get(epoch)![index]! }));
    const leaves =
      what === "inputs"
        ? entries.map(({ index, fields, inputs }) => ({ index, fields, proof: tree.proof(index), inputs }))
        : entries.map(({ index, salt, outputs }) => ({ index, salt, outputs }));
    return encodeOpening({ provider, modelId: toyId, epoch, leaves } as never);
  };

  const infer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    if (misbehave.infer?.(request, response)) return;
    const asked = decodeInferRequest({ body, headerLength: request.headers[HEADER_LENGTH] as string });
    const client = requestClaimOf(asked.parameters)?.signed.client;
    const { outputs, receipt, signature } = await enter(asked.inputs, client);
    const message = encodeInferResponse(
      { modelName: manifest.name, outputs, parameters: receiptParameters(receipt, signature) },
      () => true,
    );
    response.writeHead(200, message.headers).end(message.body);
  };

  const open = (response: ServerResponse, epoch: bigint, what: "inputs" | "outputs"): void => {
    const facts = chain.facts();
    const isEarly =
      !facts.seed(epoch) || (what === "outputs" && chain.now().head.timestamp < facts.times(epoch).commitEnd);
    if (isEarly) return void response.writeHead(425).end('{"error":"too early"}');
    const honest = opening(epoch, what);
    if (misbehave[what]?.(response, honest)) return;
    response.writeHead(200, { "content-type": "application/json" }).end(honest);
  };

  const server: Server = createServer((request, response) => {
    const found = /epochs\/(\d+)\/(inputs|outputs)$/.exec(request.url ?? "");
    if (found) open(response, BigInt(found[1]!), found[2] as "inputs" | "outputs");
    else infer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    provider,
    operator: privateKeyToAccount(OPERATOR).address,
    endpoint: `http://127.0.0.1:${port}/`,
    misbehave,
    serve: async (inputs) => {
      await enter(inputs);
    },
    commitLog(epoch, m) {
      const { root, units: total, count } = treeOf(epoch);
      const counts = Array.from({ length: 24 }, () => 0);
      for (const { fields } of served.get(epoch) ?? []) counts[fields.slot]! += fields.units;
      const args = {
        provider,
        modelId: toyId,
        epoch,
        root,
        count,
        units: total,
        slots: packSlots(counts),
        cap: 1_000n,
        m,
      };
      chain.emit({ eventName: "LogCommitted", args } as never);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const toHexEpoch = (epoch: bigint): Hex => `0x${epoch.toString(16).padStart(64, "0")}`;

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new Uint8Array(Buffer.concat(chunks));
}
