// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {History} from "../../../contracts/libraries/History.sol";
import {vm} from "../Vm.sol";

contract HistoryTest {
    using Checkpoints for Checkpoints.Trace208;
    using History for History.Trace;

    History.Trace private _history;
    Checkpoints.Trace208 private _plain;

    /// @notice Says of every epoch what plain checkpoints say.
    function testFuzz_saysWhatCheckpointsSay(uint8[10] memory gaps, uint208[10] memory values, uint16 probe) public {
        uint48 key = 0;
        for (uint256 i = 0; i < 10; ++i) {
            key += gaps[i] % 4;
            // Zeros too, and values written twice under one key.
            uint208 value = values[i] % 3 == 0 ? 0 : values[i];
            _history.push(key, value);
            _plain.push(key, value);
            vm.assertEq(_history.latest(), _plain.latest());
        }
        for (uint48 at = 0; at < 42; ++at) vm.assertEq(_history.at(at), _plain.upperLookupRecent(at));
        vm.assertEq(_history.at(probe), _plain.upperLookupRecent(probe));
        vm.assertEq(_history.at(type(uint48).max), _plain.latest());
    }

    function test_emptySaysZero() public view {
        vm.assertEq(_history.at(0), 0);
        vm.assertEq(_history.at(type(uint48).max), 0);
        vm.assertEq(_history.latest(), 0);
    }

    function test_neverWritesThePast() public {
        _history.push(7, 1);
        vm.expectRevert(Checkpoints.CheckpointUnorderedInsertion.selector);
        this.push(6, 2);
    }

    function push(uint48 key, uint208 value) external {
        _history.push(key, value);
    }
}
