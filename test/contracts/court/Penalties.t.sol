// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Evidence} from "../../../contracts/court/Evidence.sol";
import {Demands} from "../../../contracts/court/Demands.sol";
import {IPayouts} from "../../../contracts/court/IPayouts.sol";
import {IPenalties} from "../../../contracts/court/IPenalties.sol";
import {Penalties} from "../../../contracts/court/Penalties.sol";
import {FeeToken} from "../tokens/FeeToken.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

contract PenaltiesTest is CourtBase {
    address private constant BURN = 0x000000000000000000000000000000000000dEaD;
    address private constant GUILTY = address(0xBAD);

    function punish(uint256 wad, address challenger, address client, uint256 cap) private returns (uint256) {
        vm.prank(address(faults));
        return penalties.punish(GUILTY, wad, "cause", challenger, client, cap);
    }

    /// @notice Invariant 14: the shares of a slash add up to it; nobody gets more than the rules allow.
    function testFuzz_SharesAddUp(uint96 stake, uint256 wad, uint256 cap, bool proven, bool harmed) public {
        if (stake > 0) bondFor(GUILTY, stake);
        uint256 taken = punish(wad, proven ? CHALLENGER : address(0), harmed ? CLIENT : address(0), cap);
        uint256 toClient = penalties.owed(CLIENT);
        uint256 toChallenger = penalties.owed(CHALLENGER);
        uint256 toReserve = penalties.owed(RESERVE);
        uint256 burned = penalties.owed(BURN);
        eq(toClient + toChallenger + toReserve + burned, taken, "conserved");
        eq(penalties.totalOwed(), taken, "all of it owed");
        eq(asset.balanceOf(address(penalties)), taken, "all of it here");
        require(toClient <= cap && toClient * 10 <= taken * 3, "client");
        require(toChallenger * 5 <= taken, "challenger");
        require(harmed || toClient == 0, "no client");
        require(proven || toChallenger == 0, "no challenger");
        require(burned == toReserve || burned == toReserve + 1, "halves");
        require((toReserve + burned) * 2 >= taken, "at least half is lost to all parties");
        if (stake > 0 && wad > 0) require(taken > 0, "something is taken");
    }

    function test_ClientFirstThenChallenger() public {
        bondFor(GUILTY, 1000);
        eq(punish(0.5e18, CHALLENGER, CLIENT, 100), 500, "half");
        eq(penalties.owed(CLIENT), 100, "cap");
        eq(penalties.owed(CHALLENGER), 100, "20 % of 500");
        eq(penalties.owed(RESERVE), 150, "half of the rest");
        eq(penalties.owed(BURN), 150, "the other half");
        punish(1e18, CHALLENGER, CLIENT, 1e30);
        eq(penalties.owed(CLIENT), 250, "30 % of 500 more");
    }

    /// @notice Nothing to take: the fault is noted, nobody is paid, nothing reverts.
    function test_NothingToTake() public {
        vm.expectEmit(true, true, true, true, address(penalties));
        emit IPenalties.Punished(GUILTY, "cause", CHALLENGER, CLIENT, 0, 0, 0, 0, 0);
        eq(punish(1e18, CHALLENGER, CLIENT, 1e18), 0, "taken");
        eq(penalties.totalOwed(), 0, "owed");
    }

    function test_OnlyTheCourtPunishes() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        penalties.punish(GUILTY, 1, "cause", STRANGER, STRANGER, 1);
    }

    function test_ClaimPaysOnce() public {
        bondFor(GUILTY, 1000);
        punish(1e18, CHALLENGER, address(0), 0);
        vm.prank(STRANGER);
        eq(penalties.claim(CHALLENGER), 200, "pushed by a stranger");
        eq(asset.balanceOf(CHALLENGER), 200, "paid");
        penalties.claim(BURN);
        eq(asset.balanceOf(BURN), 400, "burned");
        vm.expectRevert(abi.encodeWithSelector(IPayouts.PayoutsNothingOwed.selector, CHALLENGER));
        penalties.claim(CHALLENGER);
    }

    function test_ReserveIsSomebody() public {
        vm.expectRevert(IPenalties.PenaltiesZeroAddress.selector);
        new Penalties(address(manager), pool, rewards, address(0));
    }

    /// @notice A token with transfer fees would leave bonds uncovered.
    function test_TokensWithFeesAreRefused() public {
        FeeToken token = new FeeToken();
        Evidence.Sources memory sources =
            Evidence.Sources(clock, beacon, providers, models, book, log, hub, penalties);
        Demands room = new Demands(sources, token, openings, 100);
        settleRight();
        token.mint(address(this), 100);
        token.charge(true);
        token.approve(address(room), 100);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.PayoutsWrongTransfer.selector, 99, 100));
        room.demandSample(PROVIDER, MODEL, EPOCH, 0);
    }
}
