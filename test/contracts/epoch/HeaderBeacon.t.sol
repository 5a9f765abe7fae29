// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {HeaderBeacon} from "../../../contracts/epoch/HeaderBeacon.sol";
import {IHeaderBeacon} from "../../../contracts/epoch/IHeaderBeacon.sol";
import {ISeedBeacon} from "../../../contracts/epoch/ISeedBeacon.sol";
import {ITippedBeacon} from "../../../contracts/epoch/ITippedBeacon.sol";
import {Sampling} from "../../../contracts/libraries/Sampling.sol";
import {Base} from "../Base.sol";
import {FeeToken} from "../tokens/FeeToken.sol";
import {HookToken} from "../tokens/HookToken.sol";
import {vm} from "../Vm.sol";

/// @dev Headers made up here, their hashes set by cheatcode; real ones come in HeaderBeacon.test.ts.
contract HeaderBeaconTest is Base {
    using RLP for RLP.Encoder;

    address internal constant DRAWER = address(0xD);
    uint256 internal constant TIP = 5e18;
    uint64 internal constant EPOCH = 3;
    /// Seed time of EPOCH.
    uint256 internal constant T = GENESIS + 4 * LENGTH + 250;
    uint256 internal constant NUMBER = 1000;
    bytes32 internal constant RANDAO = keccak256("randao");

    HeaderBeacon internal header;

    function setUp() public override {
        super.setUp();
        header = new HeaderBeacon(clock, asset, TIP);
        vm.roll(NUMBER + 10);
        vm.warp(T + 100);
    }

    /// @dev The first `fields` of a header; the ones that the beacon does not read are of any content.
    function encode(bytes32 parent, uint256 number, uint256 time, bytes32 randao, uint256 fields)
        internal
        pure
        returns (bytes memory)
    {
        RLP.Encoder memory list = RLP.encoder();
        for (uint256 i = 0; i < fields; ++i) {
            if (i == 0) list.push(parent);
            else if (i == 8) list.push(number);
            else if (i == 11) list.push(time);
            else if (i == 13) list.push(randao);
            else list.push(i);
        }
        return list.encode();
    }

    /// @dev A block at `time` and its parent at `parentTime`, known to the chain.
    function chain(uint256 parentTime, uint256 time) internal returns (bytes memory block_, bytes memory parent) {
        parent = encode(keccak256("grandparent"), NUMBER - 1, parentTime, keccak256("other"), 21);
        block_ = encode(keccak256(parent), NUMBER, time, RANDAO, 21);
        vm.setBlockhash(NUMBER, keccak256(block_));
    }

    function undrawn() internal view {
        (bytes32 seed, uint64 at) = header.seedOf(EPOCH);
        eq(seed, 0, "no seed");
        eq(at, 0, "not drawn");
    }

    function fund(uint256 amount) internal {
        asset.mint(address(this), amount);
        asset.approve(address(header), amount);
        vm.expectEmit(true, true, true, true, address(header));
        emit ITippedBeacon.TipsFunded(address(this), amount);
        header.fundTips(amount);
    }

    // --- draw

    function test_drawsTheFirstBlock() public {
        (bytes memory block_, bytes memory parent) = chain(T - 1, T);
        bytes32 want = keccak256(abi.encode("surety.seed", RANDAO, uint256(EPOCH)));
        undrawn();
        vm.expectEmit(true, true, true, true, address(header));
        emit ISeedBeacon.SeedDrawn(EPOCH, want, RANDAO, DRAWER);
        vm.prank(DRAWER);
        eq(header.draw(EPOCH, block_, parent), want, "returned");
        (bytes32 seed, uint64 at) = header.seedOf(EPOCH);
        eq(seed, want, "seed");
        eq(at, T + 100, "when");
        eq(header.tipsOf(DRAWER), 0, "an empty pot pays nothing");
        (seed,) = header.seedOf(EPOCH + 1);
        eq(seed, 0, "no other epoch's");
    }

    function test_drawsOnce() public {
        (bytes memory block_, bytes memory parent) = chain(T - 1, T);
        header.draw(EPOCH, block_, parent);
        vm.expectRevert(abi.encodeWithSelector(ITippedBeacon.TippedBeaconAlreadyDrawn.selector, EPOCH));
        header.draw(EPOCH, block_, parent);
    }

    function test_notBeforeTheSeedTime() public {
        (bytes memory block_, bytes memory parent) = chain(T - 1, T);
        vm.warp(T - 1);
        vm.expectRevert(abi.encodeWithSelector(ITippedBeacon.TippedBeaconTooEarly.selector, T - 1, T));
        header.draw(EPOCH, block_, parent);
        undrawn();
        // An epoch beyond all time: its deadlines do not fit.
        uint256 end = GENESIS + (uint256(type(uint64).max) + 1) * LENGTH + 1050 + LENGTH + 400;
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, end));
        header.draw(type(uint64).max, block_, parent);
    }

    function testFuzz_onlyTheFirstBlockDraws(uint16 parentLag, uint16 lag) public {
        uint256 parentTime = T - 100 + parentLag % 200;
        uint256 time = parentTime + lag % 200;
        vm.warp(T + 500);
        (bytes memory block_, bytes memory parent) = chain(parentTime, time);
        bool first = parentTime < T && time >= T;
        if (time < T) {
            vm.expectRevert(abi.encodeWithSelector(IHeaderBeacon.HeaderBeaconBlockTooEarly.selector, time, T));
        } else if (!first) {
            vm.expectRevert(abi.encodeWithSelector(IHeaderBeacon.HeaderBeaconNotFirst.selector, parentTime, T));
        }
        header.draw(EPOCH, block_, parent);
        (, uint64 at) = header.seedOf(EPOCH);
        require((at != 0) == first, "drawn only by the first");
    }

    function test_headersMustBeTheChains() public {
        (bytes memory block_, bytes memory parent) = chain(T - 1, T);
        bytes memory forged = encode(keccak256(parent), NUMBER, T, keccak256("chosen"), 21);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHeaderBeacon.HeaderBeaconWrongHash.selector, NUMBER, keccak256(forged), keccak256(block_)
            )
        );
        header.draw(EPOCH, forged, parent);

        bytes memory uncle = encode(keccak256("x"), NUMBER - 1, T - 1, 0, 21);
        vm.expectRevert(
            abi.encodeWithSelector(IHeaderBeacon.HeaderBeaconNotParent.selector, keccak256(uncle), keccak256(parent))
        );
        header.draw(EPOCH, block_, uncle);
        undrawn();
        header.draw(EPOCH, block_, parent);
    }

    /// @dev Puts the code of EIP-2935 where chains have it, which the test runner does not.
    function etchHistory() internal {
        vm.etch(
            Blockhash.HISTORY_STORAGE_ADDRESS,
            hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500"
        );
    }

    function test_futureAndForgottenBlocksHaveNoHash() public {
        etchHistory();
        vm.roll(20_000);
        bytes memory parent = encode(0, NUMBER - 1, T - 1, 0, 21);
        uint256[4] memory numbers = [20_000, 20_001, type(uint256).max, 20_000 - 8192];
        for (uint256 i = 0; i < 4; ++i) {
            bytes memory block_ = encode(keccak256(parent), numbers[i], T, RANDAO, 21);
            // The place in the ring that the number would have, were it asked without bounds.
            vm.store(Blockhash.HISTORY_STORAGE_ADDRESS, bytes32(numbers[i] % 8191), keccak256(block_));
            vm.expectRevert(
                abi.encodeWithSelector(
                    IHeaderBeacon.HeaderBeaconWrongHash.selector, numbers[i], keccak256(block_), bytes32(0)
                )
            );
            header.draw(EPOCH, block_, parent);
        }
        undrawn();
    }

    function test_drawsFromHistoryWhenTheOpcodeHasForgotten() public {
        etchHistory();
        (bytes memory block_, bytes memory parent) = chain(T - 1, T);
        vm.roll(NUMBER + 8191);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHeaderBeacon.HeaderBeaconWrongHash.selector, NUMBER, keccak256(block_), bytes32(0)
            )
        );
        header.draw(EPOCH, block_, parent);
        vm.store(Blockhash.HISTORY_STORAGE_ADDRESS, bytes32(NUMBER % 8191), keccak256(block_));
        eq(header.draw(EPOCH, block_, parent), Sampling.seed(RANDAO, EPOCH), "drawn");
    }

    function test_headersMustBeWhole() public {
        (bytes memory block_, bytes memory parent) = chain(T - 1, T);
        bytes memory short = encode(keccak256(parent), NUMBER, T, RANDAO, 13);
        vm.setBlockhash(NUMBER, keccak256(short));
        vm.expectRevert(abi.encodeWithSelector(IHeaderBeacon.HeaderBeaconShortHeader.selector, 13, 14));
        header.draw(EPOCH, short, parent);

        parent = encode(0, NUMBER - 1, T - 1, 0, 13);
        block_ = encode(keccak256(parent), NUMBER, T, RANDAO, 21);
        vm.setBlockhash(NUMBER, keccak256(block_));
        vm.expectRevert(abi.encodeWithSelector(IHeaderBeacon.HeaderBeaconShortHeader.selector, 13, 14));
        header.draw(EPOCH, block_, parent);

        vm.expectRevert(RLP.RLPInvalidEncoding.selector);
        header.draw(EPOCH, "", parent);
        vm.expectRevert(RLP.RLPInvalidEncoding.selector);
        header.draw(EPOCH, hex"83010203", parent);
        vm.expectRevert(RLP.RLPInvalidEncoding.selector);
        header.draw(EPOCH, bytes.concat(block_, hex"00"), parent);
        undrawn();
    }

    /// @dev Whatever bytes come, nothing is drawn from them.
    function testFuzz_garbageNeverDraws(bytes calldata garbage, bytes calldata more) public {
        (bool ok,) = address(header).call(abi.encodeCall(header.draw, (EPOCH, garbage, more)));
        require(!ok, "garbage was accepted");
        undrawn();
    }

    // --- tips

    function test_tipsLastAsLongAsThePot() public {
        eq(header.tip(), TIP, "tip");
        fund(2 * TIP + 1);
        uint256[4] memory want = [TIP, 2 * TIP, 2 * TIP + 1, 2 * TIP + 1];
        for (uint64 i = 0; i < 4; ++i) {
            uint256 seedTime = clock.times(EPOCH + i).seedTime;
            vm.warp(seedTime + 100);
            (bytes memory block_, bytes memory parent) = chain(seedTime - 1, seedTime);
            vm.prank(DRAWER);
            header.draw(EPOCH + i, block_, parent);
            eq(header.tipsOf(DRAWER), want[i], "tips so far");
        }
        vm.expectEmit(true, true, true, true, address(header));
        emit ITippedBeacon.TipsClaimed(DRAWER, 2 * TIP + 1);
        vm.prank(DRAWER);
        eq(header.claimTips(), 2 * TIP + 1, "claimed");
        eq(asset.balanceOf(DRAWER), 2 * TIP + 1, "paid");
        eq(asset.balanceOf(address(header)), 0, "all of it");
        eq(header.tipsOf(DRAWER), 0, "nothing left");
        vm.prank(DRAWER);
        eq(header.claimTips(), 0, "a second claim is nothing");
        eq(asset.balanceOf(DRAWER), 2 * TIP + 1, "and pays nothing");
    }

    function test_donationsAreNoPot() public {
        asset.mint(address(header), 100e18);
        (bytes memory block_, bytes memory parent) = chain(T - 1, T);
        vm.prank(DRAWER);
        header.draw(EPOCH, block_, parent);
        eq(header.tipsOf(DRAWER), 0, "not funded");
    }

    function test_feesAreRefused() public {
        FeeToken token = new FeeToken();
        HeaderBeacon made = new HeaderBeacon(clock, token, TIP);
        token.mint(address(this), 1000);
        token.approve(address(made), 1000);
        token.charge(true);
        vm.expectRevert(abi.encodeWithSelector(ITippedBeacon.TippedBeaconWrongTransfer.selector, 990, 1000));
        made.fundTips(1000);
    }

    function test_noReentryThroughTheToken() public {
        HookToken token = new HookToken();
        HeaderBeacon made = new HeaderBeacon(clock, IERC20(token), TIP);
        token.mint(address(this), 1000);
        token.approve(address(made), 1000);
        token.arm(address(made), abi.encodeCall(made.fundTips, (1)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        made.fundTips(1000);
    }
}
