// Written by scripts/abis.ts from the compiled contracts. Do not edit.
export const modelRegistryAbi = [
  {"inputs":[{"name":"index","type":"uint256"},{"name":"have","type":"uint256"},{"name":"limit","type":"uint256"}],"name":"ModelRegistryBadLimit","type":"error"},
  {"inputs":[{"name":"have","type":"uint256"},{"name":"limit","type":"uint256"}],"name":"ModelRegistryBadOpenBytes","type":"error"},
  {"inputs":[{"name":"have","type":"uint256"},{"name":"limit","type":"uint256"}],"name":"ModelRegistryBadOutputs","type":"error"},
  {"inputs":[{"name":"have","type":"uint256"},{"name":"limit","type":"uint256"}],"name":"ModelRegistryBadUri","type":"error"},
  {"inputs":[{"name":"modelId","type":"bytes32"}],"name":"ModelRegistryRegistered","type":"error"},
  {"inputs":[],"name":"ModelRegistryZeroHash","type":"error"},
  {"anonymous":false,"inputs":[{"indexed":true,"name":"modelId","type":"bytes32"},{"indexed":false,"name":"profileHash","type":"bytes32"},{"indexed":false,"name":"maxOpenBytes","type":"uint32"},{"components":[{"name":"name","type":"string"},{"name":"elementType","type":"uint8"},{"name":"tauMax","type":"uint64"}],"indexed":false,"name":"outputs","type":"tuple[]"},{"indexed":false,"name":"uri","type":"string"},{"indexed":true,"name":"by","type":"address"}],"name":"ModelRegistered","type":"event"},
  {"inputs":[{"name":"modelId","type":"bytes32"}],"name":"isModel","outputs":[{"name":"","type":"bool"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"modelId","type":"bytes32"}],"name":"model","outputs":[{"name":"profileHash","type":"bytes32"},{"name":"maxOpenBytes","type":"uint32"},{"components":[{"name":"name","type":"string"},{"name":"elementType","type":"uint8"},{"name":"tauMax","type":"uint64"}],"name":"outputs","type":"tuple[]"},{"name":"uri","type":"string"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"modelId","type":"bytes32"},{"name":"profileHash","type":"bytes32"},{"name":"maxOpenBytes","type":"uint32"},{"components":[{"name":"name","type":"string"},{"name":"elementType","type":"uint8"},{"name":"tauMax","type":"uint64"}],"name":"outputs","type":"tuple[]"},{"name":"uri","type":"string"}],"name":"register","outputs":[],"stateMutability":"nonpayable","type":"function"},
] as const;
