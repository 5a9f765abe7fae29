// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Record, RecordType} from "../../../contracts/types/Record.sol";
import {LibraryHarness} from "../LibraryHarness.sol";
import {vm} from "../Vm.sol";

contract RecordTest {
    LibraryHarness private immutable harness = new LibraryHarness();

    function test_layoutIsLowBitsFirst() public pure {
        uint256 word = Record.unwrap(RecordType.pack(1, 2, 3, 4, 5, 6));
        vm.assertEq(word, 1 | (2 << 48) | (3 << 96) | (4 << 144) | (5 << 192) | (6 << 232));
    }

    function testFuzz_packAndReadAgree(uint48 a, uint48 b, uint48 c, uint48 d, uint40 e, uint24 f) public pure {
        (a, b) = a < b ? (a, b) : (b, a);
        (c, d) = c < d ? (c, d) : (d, c);
        Record word = RecordType.pack(a, b, c, d, e, f);
        vm.assertEq(word.slowGood(), a);
        vm.assertEq(word.slowTotal(), b);
        vm.assertEq(word.fastGood(), c);
        vm.assertEq(word.fastTotal(), d);
        vm.assertEq(word.cusum(), e);
        vm.assertEq(word.lastEpoch(), f);
        vm.assertEq(word.isNew(), Record.unwrap(word) == 0);
    }

    function test_packRefusesWhatDoesNotFit() public {
        uint256[6] memory most = [type(uint48).max, type(uint48).max, type(uint48).max, type(uint48).max,
            type(uint40).max, uint256(type(uint24).max)];
        harness.pack(_fields(most));
        for (uint256 i = 0; i < 6; ++i) {
            uint256[6] memory over = most;
            uint256 largest = over[i]++;
            if (i == 1 || i == 3) over[i - 1] = 0;
            vm.expectRevert(abi.encodeWithSelector(RecordType.RecordTypeOverflow.selector, largest + 1, largest));
            harness.pack(_fields(over));
            over[i] = largest;
            if (i == 1 || i == 3) over[i - 1] = largest;
        }
    }

    function test_packRefusesMoreGoodThanTotal() public {
        vm.expectRevert(abi.encodeWithSelector(RecordType.RecordTypeOverflow.selector, 3, 2));
        harness.pack(_fields([uint256(3), 2, 1, 1, 0, 1]));
        vm.expectRevert(abi.encodeWithSelector(RecordType.RecordTypeOverflow.selector, 2, 1));
        harness.pack(_fields([uint256(2), 2, 2, 1, 0, 1]));
    }

    function _fields(uint256[6] memory v) private pure returns (LibraryHarness.Fields memory) {
        return LibraryHarness.Fields(v[0], v[1], v[2], v[3], v[4], v[5]);
    }
}
