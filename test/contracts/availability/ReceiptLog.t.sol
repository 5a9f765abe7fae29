// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReceiptLog, Log} from "../../../contracts/availability/IReceiptLog.sol";
import {Times} from "../../../contracts/epoch/IEpochClock.sol";
import {DemandProfile} from "../../../contracts/libraries/DemandProfile.sol";
import {System} from "../System.sol";
import {vm, Vm} from "../Vm.sol";

contract ReceiptLogTest is System {
    bytes32 private constant ROOT = keccak256("root");

    function setUp() public override {
        super.setUp();
        openMarket(2, 9);
    }

    function test_FieldsAndEvent() public {
        vm.warp(clock.times(2).end);
        vm.recordLogs();
        _commit(2, ROOT, 3, 5, 1023);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        eq(logs.length, 1, "one event");
        eq(logs[0].topics[0], IReceiptLog.LogCommitted.selector, "LogCommitted");
        (, uint32 count, uint64 units, uint256 slots, uint256 cap, uint8 m) =
            abi.decode(logs[0].data, (bytes32, uint32, uint64, uint256, uint256, uint8));
        eq(count, 3, "count");
        eq(units, 5, "units");
        eq(slots, 1023, "slots");
        eq(cap, uint256(CAPACITY) * LENGTH, "cap");
        eq(m, 48, "m");
        Log memory stored = log.log(PROVIDER, MODEL, 2);
        eq(stored.root, ROOT, "root");
        eq(stored.count, 3, "count");
        eq(stored.units, 5, "units");
        eq(stored.m, 48, "m");
        require(stored.exists, "exists");
    }

    function test_Window() public {
        Times memory times = clock.times(2);
        vm.warp(times.end - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReceiptLog.ReceiptLogWrongTime.selector, times.end - 1, times.end, times.logEnd)
        );
        _commit(2, ROOT, 1, 1, 1023);
        vm.warp(times.logEnd);
        vm.expectRevert(
            abi.encodeWithSelector(IReceiptLog.ReceiptLogWrongTime.selector, times.logEnd, times.end, times.logEnd)
        );
        _commit(2, ROOT, 1, 1, 1023);
        vm.warp(times.logEnd - 1);
        _commit(2, ROOT, 1, 1, 1023);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogCommitted.selector, PROVIDER, MODEL, 2));
        _commit(2, ROOT, 1, 1, 1023);
    }

    function test_OnlyTheOperatorOfThatEpoch() public {
        vm.warp(clock.times(2).end);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogNotOperator.selector, PROVIDER));
        vm.prank(PROVIDER);
        log.commit(MODEL, 2, ROOT, 1, 1, 1023);
        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, address(0xA3)); // holds from epoch 5
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogNotOperator.selector, address(0xA3)));
        vm.prank(address(0xA3));
        log.commit(MODEL, 2, ROOT, 1, 1, 1023);
        _commit(2, ROOT, 1, 1, 1023);
    }

    function test_Refusals() public {
        vm.warp(clock.times(2).end);
        uint64 cap = uint64(CAPACITY) * LENGTH;
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogOverCapacity.selector, cap + 1, cap));
        _commit(2, ROOT, 1, cap + 1, 1023);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogInconsistent.selector));
        _commit(2, 0, 1, 1, 1023);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogInconsistent.selector));
        _commit(2, ROOT, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogInconsistent.selector));
        _commit(2, ROOT, 1, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogInconsistent.selector));
        _commit(2, ROOT, 1, 0, 1023);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogInconsistent.selector));
        _commit(2, 0, 0, 1, 1023);
        vm.expectRevert(abi.encodeWithSelector(DemandProfile.DemandProfileSumWrong.selector, 1022, 1023));
        _commit(2, ROOT, 1, 1, 1022);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogNoPromise.selector, PROVIDER, keccak256("x"), 2));
        vm.prank(OPERATOR);
        log.commit(keccak256("x"), 2, ROOT, 1, 1, 1023);
        require(!log.log(PROVIDER, MODEL, 2).exists, "nothing changed");
        _commit(2, ROOT, 1, cap, 1023);
    }

    function test_EmptyAndZeroUnitLogs() public {
        vm.warp(clock.times(2).end);
        _commit(2, 0, 0, 0, 0);
        eq(log.log(PROVIDER, MODEL, 2).m, 0, "nothing to sample");
        vm.warp(clock.times(3).end);
        _commit(3, ROOT, 4, 0, 0); // gaps only
        eq(log.log(PROVIDER, MODEL, 3).m, 0, "nothing to sample");
        require(log.log(PROVIDER, MODEL, 3).exists, "exists");
    }

    function test_DomainSeparator() public view {
        bytes32 domain = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        eq(
            log.domainSeparator(),
            keccak256(abi.encode(domain, keccak256("Surety"), keccak256("1"), block.chainid, address(log))),
            "domain"
        );
    }

    function _commit(uint64 epoch, bytes32 root, uint32 count, uint64 units, uint256 slots) private {
        vm.prank(OPERATOR);
        log.commit(MODEL, epoch, root, count, units, slots);
    }
}
