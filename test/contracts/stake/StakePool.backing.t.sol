// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakePool, Pool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {StakePoolBase} from "./StakePoolBase.sol";
import {vm} from "../Vm.sol";

/// @dev Nothing can enter the backing tranche before its vaults exist, so these tests write the storage that the vaults
/// will write, and show that a slash and a claim treat it as PROTOCOL says.
contract StakePoolBackingTest is StakePoolBase {
    /// Slot of the mapping of stakes; AccessManaged has the one before.
    uint256 internal constant STAKES = 1;

    function base(address account) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(Tranche.Backing, keccak256(abi.encode(account, STAKES)))));
    }

    function giveBacking(address account, uint128 active, uint128 leaving, address receiver, uint64 release) internal {
        asset.mint(address(pool), uint256(active) + leaving);
        uint256 slot = base(account);
        vm.store(address(pool), bytes32(slot), bytes32(uint256(active) << 128 | active));
        vm.store(address(pool), bytes32(slot + 1), bytes32(uint256(leaving) << 128 | leaving));
        // One exit of everything that leaves: counter above the 32 bits of the era, exits in the next slot.
        vm.store(address(pool), bytes32(slot + 2), bytes32(uint256(1) << 32));
        uint256 exit = uint256(keccak256(abi.encode(uint256(0), slot + 3)));
        vm.store(address(pool), bytes32(exit), bytes32(uint256(release) << 160 | uint160(receiver)));
        vm.store(address(pool), bytes32(exit + 1), bytes32(uint256(leaving)));
    }

    function eqPools(uint128 active, uint128 leaving) internal view {
        (Pool memory a, Pool memory l) = pool.pools(ALICE, Tranche.Backing);
        eq(a.tokens, active, "backing active");
        eq(l.tokens, leaving, "backing leaving");
    }

    function test_ownBondIsTakenFirst() public {
        doBond(ALICE, 100);
        doRequest(ALICE, 40, ALICE);
        giveBacking(ALICE, 300, 100, BOB, 0);
        eq(pool.slashable(ALICE), 500, "all of it");

        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Slashed(ALICE, Tranche.Own, CAUSE, 100, 100, 0);
        eq(pool.slash(ALICE, 100, CAUSE), 100, "own bond");
        eqPools(300, 100);

        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Slashed(ALICE, Tranche.Backing, CAUSE, 40, 40, 360);
        eq(pool.slash(ALICE, 40, CAUSE), 40, "then backing, pro rata");
        eqPools(270, 90);
        eq(asset.balanceOf(address(this)), 140, "both to the slasher");
    }

    function test_oneSlashCrossesTheTranches() public {
        doBond(ALICE, 100);
        giveBacking(ALICE, 300, 100, BOB, 0);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Slashed(ALICE, Tranche.Own, CAUSE, 180, 100, 0);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Slashed(ALICE, Tranche.Backing, CAUSE, 80, 80, 320);
        eq(pool.slash(ALICE, 180, CAUSE), 180, "taken");
        eqPools(240, 80);
        eq(pool.slash(ALICE, type(uint256).max, CAUSE), 320, "and all the rest");
        eq(pool.slashable(ALICE), 0, "nothing left");
    }

    function test_backingExitsAreClaimedFromBacking() public {
        doBond(ALICE, 100);
        giveBacking(ALICE, 300, 100, BOB, uint64(block.timestamp + 5));
        eq(pool.exitCount(ALICE, Tranche.Backing), 1, "one exit");
        vm.expectRevert(
            abi.encodeWithSelector(IStakePool.StakePoolTooEarly.selector, block.timestamp, block.timestamp + 5)
        );
        pool.claimExit(ALICE, Tranche.Backing, 0);
        pool.slash(ALICE, 140, CAUSE);
        vm.warp(block.timestamp + 5);
        eq(pool.claimExit(ALICE, Tranche.Backing, 0), 90, "scaled by the slash");
        eq(asset.balanceOf(BOB), 90, "paid");
        eqPools(270, 0);
    }
}
