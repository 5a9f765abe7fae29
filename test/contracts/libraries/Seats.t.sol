// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Seats} from "../../../contracts/libraries/Seats.sol";
import {Ticket} from "../../../contracts/types/Ticket.sol";
import {vm} from "../Vm.sol";

contract SeatsTest {
    uint64 private constant EPOCH = 100;
    address private constant PROVIDER = address(0xbeef);
    bytes32 private constant MODEL = "model";

    Ticket[] private _tickets;

    function _draw(uint256 length, bytes32 seed, uint256 count, address owner) private view returns (address[] memory) {
        return Seats.seats(_tickets, length, seed, PROVIDER, MODEL, EPOCH, Seats.ROLE_RERUN, count, owner);
    }

    function _sell(address verifier, uint48 from, uint48 until) private {
        _tickets.push(Ticket(verifier, from, until));
    }

    /// @dev Against a second reading of the rule, with tickets that come, go and repeat, and an owner among them.
    function testFuzz_drawFollowsTheRule(bytes32 seed, uint8 size, uint8 verifiers) public {
        uint256 length = uint256(size) % 20 + 1;
        for (uint256 i = 0; i < length + 3; ++i) {
            bytes32 entropy = keccak256(abi.encode(seed, i));
            address verifier = address(uint160(1 + uint8(entropy[0]) % (uint256(verifiers) % 9 + 1)));
            uint48 from = uint48(EPOCH - 2 + uint8(entropy[1]) % 4);
            _sell(verifier, from, from + uint8(entropy[2]) % 6);
        }
        address owner = address(1);
        address[] memory drawn = _draw(length, seed, 5, owner);
        for (uint256 s = 0; s < 5; ++s) {
            address expected = address(0);
            for (uint8 n = 0; n < 32 && expected == address(0); ++n) {
                bytes memory preimage =
                    abi.encode("surety.seat", seed, PROVIDER, MODEL, EPOCH, Seats.ROLE_RERUN, uint8(s), n);
                Ticket memory ticket = _tickets[uint256(keccak256(preimage)) % length];
                bool sits = ticket.verifier == owner;
                for (uint256 lower = 0; lower < s; ++lower) sits = sits || drawn[lower] == ticket.verifier;
                if (!sits && ticket.from <= EPOCH && EPOCH < ticket.until) expected = ticket.verifier;
            }
            vm.assertEq(drawn[s], expected);
        }
    }

    function testFuzz_eachDrawIsThePlaceOfItsHash(bytes32 seed, uint8 s, uint8 n, uint16 length) public pure {
        vm.assume(length > 0);
        bytes32 hash = keccak256(abi.encode("surety.seat", seed, PROVIDER, MODEL, EPOCH, Seats.ROLE_RERUN, s, n));
        uint256 place = Seats.tryIndex(seed, PROVIDER, MODEL, EPOCH, Seats.ROLE_RERUN, s, n, length);
        vm.assertEq(place, uint256(hash) % length);
    }

    function testFuzz_seatDoesNotDependOnTheCount(bytes32 seed) public {
        for (uint160 i = 1; i <= 12; ++i) _sell(address(i), 0, 1000);
        address[] memory five = _draw(12, seed, 5, address(0));
        for (uint256 count = 0; count < 5; ++count) {
            address[] memory fewer = _draw(12, seed, count, address(0));
            vm.assertEq(fewer.length, count);
            for (uint256 s = 0; s < count; ++s) vm.assertEq(fewer[s], five[s]);
        }
    }

    function test_ticketCountsFromFromToBeforeUntil() public {
        _sell(address(1), uint48(EPOCH), uint48(EPOCH + 1));
        vm.assertEq(_draw(1, "seed", 1, address(0))[0], address(1));
        _tickets[0].from = uint48(EPOCH + 1);
        _tickets[0].until = uint48(EPOCH + 2);
        vm.assertEq(_draw(1, "seed", 1, address(0))[0], address(0));
        _tickets[0].from = 0;
        _tickets[0].until = uint48(EPOCH);
        vm.assertEq(_draw(1, "seed", 1, address(0))[0], address(0));
    }

    function test_oneVerifierFillsOneSeat() public {
        for (uint256 i = 0; i < 4; ++i) _sell(address(7), 0, 1000);
        address[] memory drawn = _draw(4, "seed", 5, address(0));
        vm.assertEq(drawn[0], address(7));
        for (uint256 s = 1; s < 5; ++s) vm.assertEq(drawn[s], address(0));
    }

    function test_ownerNeverSits() public {
        _sell(address(7), 0, 1000);
        vm.assertEq(_draw(1, "seed", 1, address(7))[0], address(0));
    }

    function test_noTicketsNoSeats() public view {
        address[] memory drawn = _draw(0, "seed", 5, address(0));
        vm.assertEq(drawn.length, 5);
        for (uint256 s = 0; s < 5; ++s) vm.assertEq(drawn[s], address(0));
    }

    function test_ticketsBeyondTheLengthAreNotDrawn() public {
        _sell(address(1), 0, 1000);
        _sell(address(2), 0, 1000);
        for (uint256 i = 0; i < 16; ++i) vm.assertEq(_draw(1, bytes32(i), 1, address(0))[0], address(1));
    }
}
