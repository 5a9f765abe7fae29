// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ICommitmentBook} from "../../../contracts/availability/ICommitmentBook.sol";
import {IFaults} from "../../../contracts/court/IFaults.sol";
import {PromiseMath} from "../../../contracts/libraries/PromiseMath.sol";
import {ReliabilityMath} from "../../../contracts/libraries/ReliabilityMath.sol";
import {Service} from "../../../contracts/types/Service.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

/// @notice What a broken promise costs, through settlement (docs/protocol.md section 8, "Promise").
contract PromiseTest is System {
    function setUp() public override {
        super.setUp();
        openMarket(2, 60);
        drawSeed(0);
        drawSeed(1);
    }

    function test_KeptCostsNothing() public {
        for (uint64 epoch = 2; epoch < 12; ++epoch) walk(epoch, 22, 0);
        Service memory service = book.serviceOf(PROVIDER, MODEL, 0);
        eq(service.measured, 10, "measured");
        eq(service.epoch, 11, "last");
        eq(service.good, service.total, "all in time");
        eq(service.due, 0, "nothing due");
    }

    /// @notice Where 99.5 % were promised and 97.7 % are kept, the score still earns, and the weight is cut by a tenth per
    /// multiple of the promised failure rate.
    function test_BrokenIsCutFromTheSeventhEpoch() public {
        for (uint64 epoch = 2; epoch < 30; ++epoch) {
            walk(epoch, epoch % 2 == 0 ? 21 : 22, 0);
            uint256 multiple = PromiseMath.breach(book.serviceOf(PROVIDER, MODEL, 0), TARGET);
            uint256 whole = ReliabilityMath.payWeight(
                ledger.reliability(PROVIDER, MODEL).score, epoch, BONDED, pool.stakeOf(PROVIDER), BONDED
            );
            if (epoch < 8) {
                eq(_weightOf(epoch), whole, "too young to be cut");
                continue;
            }
            require(multiple > 1e9, "broken at 95 %");
            uint256 cut = (multiple - 1e9) / 10;
            eq(_weightOf(epoch), whole - Math.mulDiv(whole, cut, 1e9, Math.Rounding.Ceil), "cut");
        }
        require(_weightOf(29) > 0, "and still paid");
    }

    /// @notice Half of all probes late: the alarm sounds at once, and the share that is due grows by 5 % a window at most.
    function test_BreachIsDueOncePerWindow() public {
        walk(2, 11, 0);
        Service memory service = book.serviceOf(PROVIDER, MODEL, 0);
        eq(service.due, 50_000_000, "5 %");
        eq(service.windowStart, 2, "window");
        for (uint64 epoch = 3; epoch < 32; ++epoch) walk(epoch, 11, 0);
        eq(book.serviceOf(PROVIDER, MODEL, 0).due, 50_000_000, "no more within 30 epochs");
        walk(32, 11, 0);
        eq(book.serviceOf(PROVIDER, MODEL, 0).due, 100_000_000, "the next window");
    }

    /// @notice Who collects a breach takes what is due once.
    function test_CollectOnce() public {
        walk(2, 11, 0);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, PROVIDER));
        vm.prank(PROVIDER);
        book.collectBreach(PROVIDER, MODEL, 0);
        manager.grantRole(ROLE_COLLECT, address(this), 0);
        eq(book.collectBreach(PROVIDER, MODEL, 0), 50_000_000, "due");
        eq(book.collectBreach(PROVIDER, MODEL, 0), 0, "once");
        eq(book.serviceOf(PROVIDER, MODEL, 0).windowTaken, 50_000_000, "the window remembers");
    }

    /// @notice Anybody collects what is due, from the provider's stake, once.
    function test_ABreachCostsStake() public {
        vm.expectRevert(abi.encodeWithSelector(IFaults.FaultsNoBreach.selector, PROVIDER, MODEL, 0));
        faults.brokenPromise(PROVIDER, MODEL, 0);
        walk(2, 11, 0);
        uint256 stake = pool.slashableNow(PROVIDER);
        manager.setTargetClosed(address(book), true); // a pause keeps nobody from it
        vm.prank(address(0xC2));
        eq(faults.brokenPromise(PROVIDER, MODEL, 0), stake / 20, "five per cent");
        eq(stake - pool.slashableNow(PROVIDER), stake / 20, "taken");
        eq(penalties.owed(address(0xC2)), stake / 100, "a fifth of it");
        vm.expectRevert(abi.encodeWithSelector(IFaults.FaultsNoBreach.selector, PROVIDER, MODEL, 0));
        faults.brokenPromise(PROVIDER, MODEL, 0);
    }

    /// @notice A promise is measured by settlement alone, in order, and only where there is one.
    function test_OnlySettlementMeasures() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        book.measure(PROVIDER, MODEL, 2, 10, 10, 0);
        manager.grantRole(ROLE_SETTLE, address(this), 0);
        eq(book.measure(PROVIDER, MODEL, 2, 10, 10, 0), 0, "no cut");
        vm.expectRevert(abi.encodeWithSelector(PromiseMath.PromiseMathEpochNotLater.selector, 2, 3));
        book.measure(PROVIDER, MODEL, 2, 10, 10, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitmentBook.CommitmentBookNoPromise.selector, 0, 1));
        book.measure(PROVIDER, MODEL, 1, 10, 10, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitmentBook.CommitmentBookNoPromise.selector, 1, 1));
        book.measure(PROVIDER, MODEL, 61, 10, 10, 0);
    }

    /// @notice An epoch without a quorum of probes says nothing of the promise; a missing log breaks it.
    function test_UnknownIsNoBreachAndSilenceIs() public {
        commitLog(2);
        settle(2);
        eq(book.serviceOf(PROVIDER, MODEL, 0).measured, 0, "nobody probed");
        settle(3);
        Service memory service = book.serviceOf(PROVIDER, MODEL, 0);
        eq(service.measured, 1, "no log");
        eq(service.good, 0, "none in time");
        eq(service.total >> 24, 64, "of 64");
    }

    function _weightOf(uint64 epoch) private view returns (uint256 weight) {
        (, weight,,) = rewards.epochInfo(epoch);
    }
}
