// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {vm} from "../Vm.sol";

contract ReceiptsTest {
    function testFuzz_structHashIsThatOfTheFields(Receipts.Receipt memory r) public pure {
        bytes memory head = abi.encode(Receipts.RECEIPT_TYPEHASH, r.provider, r.modelId, r.epoch, r.seq, r.slot);
        bytes memory tail =
            abi.encode(r.client, r.inputHash, r.outputHash, r.units, r.servedAtMs, r.latencyMs);
        vm.assertEq(Receipts.structHash(r), keccak256(bytes.concat(head, tail)));
    }

    function testFuzz_leafHashIsDoubled(Receipts.LeafFields memory f) public pure {
        bytes memory head = abi.encode(f.provider, f.modelId, f.epoch, f.seq, f.slot, f.client);
        bytes memory tail = abi.encode(f.inputHash, f.sealedOutput, f.units, f.servedAtMs, f.latencyMs);
        vm.assertEq(Receipts.leafHash(f), keccak256(abi.encode(keccak256(bytes.concat(head, tail)))));
    }

    function testFuzz_sealHidesTheOutput(bytes32 salt, bytes32 other, bytes32 outputHash) public pure {
        vm.assertEq(Receipts.seal(salt, outputHash), keccak256(bytes.concat(salt, outputHash)));
        vm.assertTrue(salt == other || Receipts.seal(salt, outputHash) != Receipts.seal(other, outputHash));
    }
}
