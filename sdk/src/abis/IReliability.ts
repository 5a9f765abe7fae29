// Written by scripts/abis.ts from the compiled contracts. Do not edit.
export const iReliabilityAbi = [
  {"inputs":[{"name":"openCases","type":"uint256"}],"name":"ReliabilityDisputed","type":"error"},
  {"inputs":[{"name":"have","type":"uint256"},{"name":"need","type":"uint256"}],"name":"ReliabilityScoreTooLow","type":"error"},
  {"inputs":[{"name":"have","type":"uint256"},{"name":"need","type":"uint256"}],"name":"ReliabilityTooOld","type":"error"},
  {"inputs":[{"name":"provider","type":"address"},{"name":"modelId","type":"bytes32"}],"name":"ReliabilityUnknown","type":"error"},
  {"inputs":[{"name":"provider","type":"address"},{"name":"modelId","type":"bytes32"}],"name":"reliability","outputs":[{"components":[{"name":"score","type":"uint32"},{"name":"mean","type":"uint32"},{"name":"samples","type":"uint32"},{"name":"bond","type":"uint64"},{"name":"lastEpoch","type":"uint32"},{"name":"openCases","type":"uint16"},{"name":"alarms","type":"uint16"},{"name":"flags","type":"uint8"}],"name":"","type":"tuple"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"provider","type":"address"},{"name":"modelId","type":"bytes32"},{"name":"minScore","type":"uint256"},{"name":"maxAge","type":"uint256"}],"name":"requireReliable","outputs":[],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"provider","type":"address"},{"name":"modelId","type":"bytes32"},{"name":"minScore","type":"uint256"},{"name":"maxAge","type":"uint256"}],"name":"requireUndisputed","outputs":[],"stateMutability":"view","type":"function"},
] as const;
