import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import { caseId, type JurorVote, voteCommitment } from "./court.ts";
import { code } from "./testing/refusal.ts";
import { account, hash } from "./testing/samples.ts";

const abi = AbiCoder.defaultAbiCoder();

describe("the court's numbers", () => {
  it("name a case by its leaf", () => {
    const name = { provider: account(1), modelId: hash(2), epoch: 7n, seq: 9 };
    const values = [name.provider, name.modelId, 7n, 9];
    expect(caseId(name)).to.equal(keccak256(abi.encode(["address", "bytes32", "uint64", "uint32"], values)));
    expect(caseId({ ...name, seq: 10 })).not.to.equal(caseId(name));
    expect(code(() => caseId({ ...name, seq: -1 }))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });

  it("bind a vote to the juries, the case, the juror and a salt", () => {
    const vote: JurorVote = {
      juries: account(1),
      id: hash(2),
      juror: account(3),
      vote: "convict",
      outputHash: hash(4),
      salt: hash(5),
    };
    const types = ["address", "bytes32", "address", "uint8", "bytes32", "bytes32"];
    const values = [vote.juries, vote.id, vote.juror, 2, vote.outputHash, vote.salt];
    expect(voteCommitment(vote)).to.equal(keccak256(abi.encode(types, values)));
    const others = [{ vote: "acquit" }, { juror: account(9) }, { salt: hash(9) }, { id: hash(9) }] as const;
    for (const other of others) expect(voteCommitment({ ...vote, ...other })).not.to.equal(voteCommitment(vote));
  });
});
