import solc from "solc";
import { type Abi, type Hex, parseAbi } from "viem";

/** A token as some old ones are: six decimals, nothing returned, no change of an approval that is not zero. */
const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
contract OddAsset {
    uint8 public constant decimals = 6;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    constructor() { balanceOf[msg.sender] = 1e12; }
    function symbol() external pure returns (bytes32) { return "ODD"; }
    function approve(address spender, uint256 amount) external {
        require(amount == 0 || allowance[msg.sender][spender] == 0, "approval is not zero");
        allowance[msg.sender][spender] = amount;
    }
    function transfer(address to, uint256 amount) external { _move(msg.sender, to, amount); }
    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
    }
    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}`;

/** What the tests ask of it. */
export const oddAssetAbi = parseAbi([
  "function approve(address spender, uint256 amount)",
  "function allowance(address owner, address spender) view returns (uint256)",
]) satisfies Abi;

/** Compiles it. */
export function oddAssetBytecode(): Hex {
  const input = {
    language: "Solidity",
    sources: { "OddAsset.sol": { content: SOURCE } },
    settings: { evmVersion: "prague", outputSelection: { "*": { "*": ["evm.bytecode.object"] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const bytecode = output.contracts?.["OddAsset.sol"]?.OddAsset?.evm?.bytecode?.object;
  if (!bytecode) throw new Error(`OddAsset.sol does not compile: ${JSON.stringify(output.errors)}`);
  return `0x${bytecode}`;
}
