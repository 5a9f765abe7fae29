import solc from "solc";
import { type Hex, parseAbi } from "viem";

const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
contract Till {
    event Added(address indexed who, uint256 amount, uint256 total);
    event Taken(address indexed who, uint256 amount);
    error TooMuch(uint256 have, uint256 need);
    error Stale(uint256 have, uint256 need);
    uint256 public total;
    function add(uint256 amount) external {
        if (amount > 100) revert TooMuch(100, amount);
        total += amount;
        emit Added(msg.sender, amount, total);
    }
    function take(uint256 amount) external {
        if (amount > total) revert TooMuch(total, amount);
        total -= amount;
        emit Taken(msg.sender, amount);
    }
    function addIf(uint256 seen, uint256 amount) external {
        if (seen != total) revert Stale(total, seen);
        total += amount;
        emit Added(msg.sender, amount, total);
    }
}`;

/** The interface of the contract that the tests of reading and sending run against. */
export const tillAbi = parseAbi([
  "event Added(address indexed who, uint256 amount, uint256 total)",
  "event Taken(address indexed who, uint256 amount)",
  "error TooMuch(uint256 have, uint256 need)",
  "error Stale(uint256 have, uint256 need)",
  "function total() view returns (uint256)",
  "function add(uint256 amount)",
  "function take(uint256 amount)",
  "function addIf(uint256 seen, uint256 amount)",
]);

let compiled: Hex | undefined;

/** Compiles the contract, once per process. */
export function tillBytecode(): Hex {
  compiled ??= compile();
  return compiled;
}

function compile(): Hex {
  const input = {
    language: "Solidity",
    sources: { "Till.sol": { content: SOURCE } },
    settings: { evmVersion: "prague", outputSelection: { "*": { "*": ["evm.bytecode.object"] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const bytecode = output.contracts?.["Till.sol"]?.Till?.evm?.bytecode?.object;
  if (!bytecode) throw new Error(`Till.sol does not compile: ${JSON.stringify(output.errors)}`);
  return `0x${bytecode}`;
}
