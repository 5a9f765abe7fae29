// Written by scripts/abis.ts from the compiled contracts. Do not edit.
export const gatedConsumerAbi = [
  {"inputs":[{"name":"ledger","type":"address"},{"name":"minScore_","type":"uint256"},{"name":"maxAge_","type":"uint256"}],"stateMutability":"nonpayable","type":"constructor"},
  {"anonymous":false,"inputs":[{"indexed":true,"name":"provider","type":"address"},{"indexed":true,"name":"modelId","type":"bytes32"},{"indexed":true,"name":"by","type":"address"}],"name":"Accepted","type":"event"},
  {"inputs":[{"name":"provider","type":"address"},{"name":"modelId","type":"bytes32"}],"name":"accept","outputs":[],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[],"name":"maxAge","outputs":[{"name":"","type":"uint256"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"minScore","outputs":[{"name":"","type":"uint256"}],"stateMutability":"view","type":"function"},
] as const;
