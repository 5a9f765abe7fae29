// Written by scripts/abis.ts from the compiled contracts. Do not edit.
export const iSeedBeaconAbi = [
  {"anonymous":false,"inputs":[{"indexed":true,"name":"epoch","type":"uint64"},{"indexed":false,"name":"seed","type":"bytes32"},{"indexed":false,"name":"value","type":"bytes32"},{"indexed":true,"name":"by","type":"address"}],"name":"SeedDrawn","type":"event"},
  {"inputs":[{"name":"epoch","type":"uint64"}],"name":"seedOf","outputs":[{"name":"seed","type":"bytes32"},{"name":"drawnAt","type":"uint64"}],"stateMutability":"view","type":"function"},
] as const;
