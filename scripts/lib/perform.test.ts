import { expect } from "chai";
import { type Abi, BaseError, ContractFunctionRevertedError, encodeErrorResult, type Hex, parseAbi } from "viem";
import { main as deploy } from "../deploy.ts";
import { main as provider } from "../provider.ts";
import { allErrors } from "./contracts.ts";
import { refusal } from "./refusal.ts";
import { createStage, type Operator, type Stage } from "./testing/operator.ts";
import { type Ran, run } from "./testing/run.ts";

const asset = { symbol: "USD", decimals: 6 };
const address = "0x00000000000000000000000000000000000000AA";

/** What viem throws for a revert with this data. */
const reverted = (data: Hex) =>
  new BaseError("reverted", {
    cause: new ContractFunctionRevertedError({ abi: allErrors, data, functionName: "call" }),
  });

/** The message for an error of the contracts with these arguments. */
function told(errorName: string, ...args: unknown[]): string {
  const error = refusal("A.b", reverted(encodeErrorResult({ abi: allErrors as Abi, errorName, args })), asset);
  expect(error.code).to.equal("CALL_REFUSED");
  expect(error.details).to.include({ call: "A.b", error: errorName });
  return error.message;
}

describe("refusals of the contracts", () => {
  it("name the error, its numbers in human units, and what to do", () => {
    expect(told("StakePoolInsufficientStake", 1_500_000n, 2_000_001n)).to.equal(
      "A.b would be refused: StakePoolInsufficientStake(have 1.5 USD, need 2.000001 USD). Bond the difference first, or ask for less.",
    );
    expect(told("StakePoolTooEarly", 1_767_225_600n, 1_767_225_661n)).to.contain(
      "(have 2026-01-01T00:00:00Z, need 2026-01-01T00:01:01Z). Wait until the exit is released.",
    );
    expect(told("CommitmentBookBadTarget", 999_500_000n, 999_000_000n)).to.contain("(have 99.95 %, limit 99.9 %)");
    expect(told("ModelRegistryBadLimit", 2n, 2n * 10n ** 14n, 10n ** 14n)).to.contain(
      "(index 2, have 0.0002, limit 0.0001)",
    );
    expect(told("ProviderRegistryNotOwner", address, address)).to.contain(`have ${address}`);
    expect(told("ReceiptLogInconsistent")).to.contain("ReceiptLogInconsistent()");
  });

  it("keep what they cannot read", () => {
    const abi = parseAbi(["error Error(string)", "error Foreign(uint256 have)"]);
    const text = encodeErrorResult({ abi, errorName: "Error", args: ["paused"] });
    expect(refusal("A.b", reverted(text)).message).to.contain("would be refused: paused");
    const foreign = encodeErrorResult({ abi, errorName: "Foreign", args: [1n] });
    expect(refusal("A.b", reverted(foreign)).message).to.contain(foreign.slice(0, 10));
    const network = refusal("A.b", new BaseError("connection lost"));
    expect([network.code, network.retryable]).to.deep.equal(["CHAIN_FAILED", true]);
    expect(network.message).to.contain("connection lost");
  });
});

describe("transactions that another overtakes", function () {
  this.timeout(60_000);
  let stage: Stage;
  before(async () => {
    stage = await createStage();
    await stage.operators[0]!.ok(deploy);
  });
  after(() => stage.close());

  it("are reported as mined and reverted, with the reason", async () => {
    const { client } = stage.chain;
    await client.setAutomine(false);
    await client.setIntervalMining({ interval: 0 });
    const [first, second, shared] = stage.operators as [Operator, Operator, Operator];
    const argv = ["register", "--endpoint", "https://a.example", "--operator", shared.address, "--json"];
    // Both are tried in a state where the operator's key is free.
    const both = [first, second].map(({ env }) => run(provider, env, ...argv));
    const pending = async () => (await client.getBlock({ blockTag: "pending" })).transactions.length;
    while ((await pending()) < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await client.mine({ blocks: 1 });
    const ran = await Promise.all(both);
    const [won, lost] = ran.toSorted((a, b) => a.code - b.code) as [Ran, Ran];
    expect([won.code, lost.code]).to.deep.equal([0, 1]);
    expect(lost.json.error.code).to.equal("CALL_REVERTED");
    expect(lost.json.error.message)
      .to.match(/mined and reverted \(0x[0-9a-f]{64}\)/)
      .and.contain("OperatorTaken");
  });
});
