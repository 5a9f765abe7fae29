// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Times, Windows} from "../../../contracts/epoch/IEpochClock.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";
import {NaiveMarket} from "./NaiveMarket.sol";

/// @notice Two providers with three records, the crew of verifiers, and what the tests remember of them on their own.
abstract contract MarketStage is System {
    struct Promised {
        uint32 target;
        uint32 capacity;
        uint32 first;
        uint32 last;
        uint88 price;
        bool released;
    }

    struct Change {
        uint64 from;
        address who;
    }

    uint256 internal constant RECORDS = 3;
    uint256 internal constant BOND = 20 * BONDED;
    address internal constant OTHER = address(0xA5);
    bytes32 internal constant MODEL_B = keccak256("model b");
    uint64 internal constant EVER = type(uint48).max;

    Promised[][3] internal promises;
    Change[][2] internal owners;
    Change[][2] internal operators;
    uint64[][2] internal tenures;
    mapping(address operator => bool) internal banned;
    NaiveMarket.Place[] internal places;
    /// @dev Number of places, by epoch.
    Change[] internal lengths;
    mapping(address verifier => uint256) internal held;
    mapping(address verifier => uint64) internal ejectedUntil;
    mapping(uint64 epoch => bytes32) internal timesOf;
    uint64 internal noted;
    uint64 internal windowsFrom;
    bool internal paused;
    uint160 private _fresh = 0x100000;

    /// @notice The market opens: everybody is registered, and the records are promised for a while from epoch 2 on.
    function begin() public virtual {
        setUp();
        registerModel(MODEL);
        registerModel(MODEL_B);
        for (uint256 who = 0; who < 2; ++who) {
            address operator = fresh();
            registerProvider(provider(who), operator, BOND);
            owners[who].push(Change(0, provider(who)));
            operators[who].push(Change(0, operator));
            tenures[who].push(0);
        }
        for (uint256 i = 0; i < RECORDS; ++i) makePromise(i, Promised(targetOf(i), 10, 2, 9, PRICE, false));
        for (uint256 i = 0; i < crew.length; ++i) {
            asset.mint(address(this), 8 * TICKET);
            asset.approve(address(pool), 8 * TICKET);
            pool.bond(crew[i], 8 * TICKET);
            buyTickets(crew[i], 4);
        }
        beacon.set(0, "0");
        beacon.set(1, "1");
        note();
    }

    /* WHO AND WHAT */

    function provider(uint256 who) internal pure returns (address) {
        return who == 0 ? PROVIDER : OTHER;
    }

    /// @notice Whose record it is: the first provider has two.
    function holderOf(uint256 i) internal pure returns (uint256) {
        return i == 2 ? 1 : 0;
    }

    function modelOf(uint256 i) internal pure returns (bytes32) {
        return i == 1 ? MODEL_B : MODEL;
    }

    function targetOf(uint256 i) internal pure returns (uint32) {
        return i == 0 ? 995_000_000 : i == 1 ? 990_000_000 : 999_000_000;
    }

    function fresh() internal returns (address) {
        return address(++_fresh);
    }

    function now_() internal view returns (uint64) {
        return (uint64(block.timestamp) - GENESIS) / LENGTH;
    }

    function at(Change[] storage changes, uint64 epoch) internal view returns (address who) {
        for (uint256 i = 0; i < changes.length; ++i) if (changes[i].from <= epoch) who = changes[i].who;
    }

    function latest(Change[] storage changes) internal view returns (address) {
        return changes[changes.length - 1].who;
    }

    function tenureAt(uint256 who, uint64 epoch) internal view returns (uint64 start) {
        for (uint256 i = 0; i < tenures[who].length; ++i) if (tenures[who][i] <= epoch) start = tenures[who][i];
    }

    function freeOf(address account) internal view returns (uint256) {
        uint256 stake = pool.stakeOf(account);
        uint256 locked = pool.locked(account);
        return stake > locked ? stake - locked : 0;
    }

    /* WHAT IS REMEMBERED */

    function bondOf(Promised memory made) internal pure returns (uint256) {
        return 7 * uint256(made.capacity) * LENGTH * made.price;
    }

    function makePromise(uint256 i, Promised memory made) internal {
        vm.prank(latest(owners[holderOf(i)]));
        callPromise(i, made);
        promises[i].push(made);
    }

    function callPromise(uint256 i, Promised memory made) internal returns (uint256) {
        return book.commit(
            provider(holderOf(i)), modelOf(i), made.target, 2000, made.capacity, made.price, made.first, made.last
        );
    }

    function promisedAt(uint256 i, uint64 epoch) internal view returns (bool, uint256) {
        for (uint256 p = 0; p < promises[i].length; ++p) {
            if (promises[i][p].first <= epoch && epoch <= promises[i][p].last) return (true, p);
        }
        return (false, 0);
    }

    /// @notice The ticket's place is new, or that of a ticket that no draw can read any more.
    function buyTickets(address verifier, uint256 count) internal {
        vm.prank(verifier);
        uint256[] memory indexes = verifiers.buy(count);
        for (uint256 i = 0; i < count; ++i) {
            if (indexes[i] == places.length) {
                places.push();
            } else {
                NaiveMarket.Place memory old = places[indexes[i]];
                bool over = block.timestamp >= GENESIS + (uint256(old.until) + 1) * LENGTH + EXIT_DELAY;
                require(old.until != EVER && (over || old.from == old.until), "22: a draw may still read this place");
            }
            places[indexes[i]] = NaiveMarket.Place(verifier, now_() + 2, EVER);
        }
        lengths.push(Change(now_(), address(uint160(places.length))));
        held[verifier] += count;
    }

    function lengthAt(uint64 epoch) internal view returns (uint256) {
        return uint160(at(lengths, epoch));
    }

    /* TIME */

    /// @notice 25: what the times of an epoch are when it is next but one, they stay.
    function note() internal {
        while (noted <= now_() + 1) {
            timesOf[noted] = keccak256(abi.encode(clock.times(noted)));
            ++noted;
        }
    }

    function warpTo(uint256 time) internal virtual {
        vm.warp(time);
        note();
    }

    /// @notice The next time at which some step of some epoch begins or ends.
    function nextEdge() internal view returns (uint256 edge) {
        edge = type(uint256).max;
        uint64 current = now_();
        for (uint64 e = current > 2 ? current - 3 : 0; e <= current; ++e) {
            Times memory t = clock.times(e);
            uint64[10] memory all = [
                t.end,
                t.logEnd,
                t.seedTime,
                t.openEnd,
                t.commitEnd,
                t.outputEnd,
                t.revealEnd,
                t.redrawCommitEnd,
                t.redrawEnd,
                t.settleEnd
            ];
            for (uint256 i = 0; i < 10; ++i) if (all[i] > block.timestamp && all[i] < edge) edge = all[i];
        }
    }

    /// @notice When the settlement of an epoch closes.
    function closeOf(uint64 epoch) internal view returns (uint256) {
        return clock.times(epoch).settleEnd;
    }

    /// @notice Four sets of windows that the laws of the clock allow after one another.
    function windowsOf(uint256 which) internal pure returns (Windows memory) {
        which %= 4;
        if (which == 0) return defaultWindows();
        if (which == 1) return Windows(250, 60, 100, 250, 100, 250, 400, 100, 200, 20);
        if (which == 2) return Windows(100, 25, 100, 100, 100, 100, 300, 100, 200, 50);
        return Windows(150, 100, 300, 100, 300, 300, 200, 50, 150, 0);
    }

    /* REFUSALS */

    /// @notice The call is refused with exactly this error.
    function refuses(address from, address target, bytes memory call, bytes memory error_) internal {
        vm.prank(from);
        (bool ok, bytes memory reason) = target.call(call);
        require(!ok, "a wrong call went through");
        require(keccak256(reason) == keccak256(error_), "refused for another reason");
    }

    /// @notice A choice of its own for each purpose.
    function mix(uint256 choice, uint256 purpose) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(choice, purpose)));
    }
}
