// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {StakePool} from "../../../contracts/stake/StakePool.sol";
import {Base} from "../Base.sol";
import {FeeToken} from "../tokens/FeeToken.sol";
import {HookToken} from "../tokens/HookToken.sol";
import {vm} from "../Vm.sol";

/// @dev Tokens that do more than they should.
contract StakePoolTokensTest is Base {
    address internal constant ALICE = address(0xA11CE);

    function poolOf(IERC20 token) internal returns (StakePool made) {
        made = new StakePool(address(manager), token, clock, address(this));
        allowStake(made);
        manager.grantRole(ROLE_EXIT, address(this), 0);
        manager.grantRole(ROLE_VAULT, address(this), 0);
        token.approve(address(made), type(uint256).max);
    }

    function test_feesAreRefusedOnTheWayIn() public {
        FeeToken token = new FeeToken();
        StakePool made = poolOf(token);
        token.mint(address(this), 1000);
        token.charge(true);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolWrongTransfer.selector, 990, 1000));
        made.bond(ALICE, 1000);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolWrongTransfer.selector, 990, 1000));
        made.deposit(ALICE, ALICE, 1000, 0);
        eq(made.slashableNow(ALICE), 0, "nothing bonded");
        eq(token.balanceOf(address(this)), 1000, "nothing moved");
    }

    /// @dev A fee that a token switches on later is the receiver's loss, never another holder's.
    function test_aLaterFeeDoesNotEmptyThePool() public {
        FeeToken token = new FeeToken();
        StakePool made = poolOf(token);
        token.mint(address(this), 2000);
        made.bond(ALICE, 1000);
        made.bond(address(this), 1000);
        made.requestExit(ALICE, 1000, ALICE);
        token.charge(true);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(made.claimExit(ALICE, Tranche.Own, 0), 1000, "booked");
        eq(token.balanceOf(ALICE), 990, "paid");
        eq(token.balanceOf(address(made)), made.slashableNow(address(this)), "still covered");
    }

    function test_noReentryThroughTheToken() public {
        HookToken token = new HookToken();
        StakePool made = poolOf(token);
        token.mint(address(this), 100);
        token.mint(address(token), 100);
        vm.prank(address(token));
        token.approve(address(made), 100);
        made.bond(ALICE, 20);
        made.requestExit(ALICE, 5, ALICE);
        vm.warp(block.timestamp + EXIT_DELAY);

        bytes memory reentered =
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        bytes memory inner = abi.encodeCall(made.bond, (ALICE, 10));
        token.arm(address(made), inner);
        vm.expectRevert(reentered);
        made.bond(ALICE, 10);

        inner = abi.encodeCall(made.claimExit, (ALICE, Tranche.Own, 0));
        token.arm(address(made), inner);
        vm.expectRevert(reentered);
        made.claimExit(ALICE, Tranche.Own, 0);

        token.arm(address(made), inner);
        vm.expectRevert(reentered);
        made.slash(ALICE, 1e18, "cause");

        manager.grantRole(ROLE_VAULT, address(token), 0);
        inner = abi.encodeCall(made.deposit, (ALICE, ALICE, 10, 0));
        token.arm(address(made), inner);
        vm.expectRevert(reentered);
        made.deposit(ALICE, ALICE, 10, 0);

        inner = abi.encodeCall(made.slash, (ALICE, 1e18, "cause"));
        token.arm(address(made), inner);
        vm.expectRevert(reentered);
        made.bond(ALICE, 10);

        token.arm(address(0), "");
        eq(made.slashableNow(ALICE), 20, "nothing happened");
        eq(token.balanceOf(address(made)), 20, "nothing moved");
        eq(made.claimExit(ALICE, Tranche.Own, 0), 5, "and unarmed it works");
    }

    /// @dev Some tokens refuse a transfer of nothing; it must not be what stops a slash or a void claim.
    function test_nothingIsNeverTransferred() public {
        HookToken token = new HookToken();
        StakePool made = poolOf(token);
        vm.recordLogs();
        made.slash(ALICE, 1e18, "cause");
        eq(vm.getRecordedLogs().length, 1, "only the pool's own event");
        token.mint(address(this), 10);
        made.bond(ALICE, 10);
        made.requestExit(ALICE, 10, ALICE);
        made.slash(ALICE, 1e18, "cause");
        vm.warp(block.timestamp + EXIT_DELAY);
        vm.recordLogs();
        made.claimExit(ALICE, Tranche.Own, 0);
        eq(vm.getRecordedLogs().length, 1, "only the pool's own event");
    }
}
