// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DrandBeacon} from "../../../contracts/epoch/DrandBeacon.sol";
import {EpochClock} from "../../../contracts/epoch/EpochClock.sol";
import {IDrandBeacon} from "../../../contracts/epoch/IDrandBeacon.sol";
import {ISeedBeacon} from "../../../contracts/epoch/ISeedBeacon.sol";
import {ITippedBeacon} from "../../../contracts/epoch/ITippedBeacon.sol";
import {Bls} from "../../../contracts/libraries/Bls.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";
import {Quicknet} from "./Quicknet.sol";

/// @dev Rounds that quicknet published; rounds of any number come in DrandBeacon.test.ts.
contract DrandBeaconTest is Base {
    address internal constant DRAWER = address(0xD);
    address internal constant PAIRING = address(0x0f);
    uint256 internal constant TIP = 5e18;
    uint64 internal constant EPOCH = 3;
    uint64 internal constant ROUND = 1000;
    /// When ROUND was published.
    uint256 internal constant T = Quicknet.GENESIS + 999 * Quicknet.PERIOD;

    DrandBeacon internal drand;

    function setUp() public override {
        super.setUp();
        drand = seededAt(T);
        vm.warp(T + 100);
    }

    /// @dev A beacon for which the seed time of EPOCH is `time`.
    function seededAt(uint256 time) internal returns (DrandBeacon) {
        uint256 genesis = time - (EPOCH + 1) * uint256(LENGTH) - 250;
        EpochClock clock_ = new EpochClock(address(manager), uint64(genesis), LENGTH, EXIT_DELAY, defaultWindows());
        return new DrandBeacon(clock_, asset, TIP, Quicknet.network(), ROUND, Quicknet.signature(ROUND));
    }

    /// @dev Tries to create a beacon on `network` with a known round.
    function create(IDrandBeacon.Network memory network, uint64 round, Bls.G1 memory signature) public {
        new DrandBeacon(clock, asset, TIP, network, round, signature);
    }

    function refuses(bytes memory reason, IDrandBeacon.Network memory network) internal {
        vm.expectRevert(reason);
        this.create(network, ROUND, Quicknet.signature(ROUND));
    }

    function refuses(bytes memory reason, Bls.G1 memory signature) internal {
        vm.expectRevert(reason);
        drand.draw(EPOCH, signature);
        undrawn();
    }

    function undrawn() internal view {
        (bytes32 seed, uint64 time) = drand.seedOf(EPOCH);
        eq(seed, 0, "no seed");
        eq(time, 0, "not drawn");
        eq(drand.tipsOf(address(this)), 0, "no tip");
    }

    function wrongSignature(uint64 round) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IDrandBeacon.DrandBeaconWrongSignature.selector, round);
    }

    function noPoint() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Bls.BlsNoPoint.selector, PAIRING);
    }

    // --- creation

    function test_refusesAKeyThatDidNotSignTheKnownRound() public {
        IDrandBeacon.Network memory network = Quicknet.network();
        bytes memory wrongKey = abi.encodeWithSelector(IDrandBeacon.DrandBeaconWrongKey.selector, ROUND);

        // The generator: a sound key, of the secret 1.
        network.publicKey = Bls.G2({
            x0Hi: 0x024aa2b2f08f0a91260805272dc51051,
            x0Lo: 0xc6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8,
            x1Hi: 0x13e02b6052719f607dacd3a088274f65,
            x1Lo: 0x596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e,
            y0Hi: 0x0ce5d527727d6e118cc9cdc6da2e351a,
            y0Lo: 0xadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801,
            y1Hi: 0x0606c4a02ea734cc32acd2b02bc28b99,
            y1Lo: 0xcb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be
        });
        refuses(wrongKey, network);

        delete network.publicKey;
        refuses(wrongKey, network);

        // A finite signature is none under an infinite key, and an infinite one is refused before.
        vm.expectRevert(Bls.BlsInfinity.selector);
        this.create(network, ROUND, Bls.G1(0, 0, 0, 0));

        vm.expectRevert(abi.encodeWithSelector(IDrandBeacon.DrandBeaconWrongKey.selector, ROUND + 1));
        this.create(Quicknet.network(), ROUND + 1, Quicknet.signature(ROUND));
    }

    function test_refusesAKeyThatIsNoPoint() public {
        IDrandBeacon.Network memory network = Quicknet.network();
        network.publicKey.y1Lo ^= 1;
        refuses(noPoint(), network);
        network = Quicknet.network();
        network.publicKey.x0Hi = type(uint256).max;
        refuses(noPoint(), network);
        this.create(Quicknet.network(), ROUND, Quicknet.signature(ROUND));
    }

    function test_refusesAPeriodOfZero() public {
        IDrandBeacon.Network memory network = Quicknet.network();
        network.period = 0;
        refuses(abi.encodeWithSelector(IDrandBeacon.DrandBeaconNoPeriod.selector), network);
    }

    function test_tellsItsNetwork() public view {
        eq(keccak256(abi.encode(drand.network())), keccak256(abi.encode(Quicknet.network())), "network");
    }

    // --- the round

    function testFuzz_theRoundIsTheFirstAtOrAfterTheSeedTime(uint32 later) public {
        uint256 time = T + later;
        DrandBeacon made = seededAt(time);
        (uint64 round, uint256 publishedAt) = made.roundOf(EPOCH);
        eq(publishedAt, Quicknet.GENESIS + (round - 1) * uint256(Quicknet.PERIOD), "published");
        require(publishedAt >= time && publishedAt - Quicknet.PERIOD < time, "the first");
    }

    function test_theFirstRoundForTimesBeforeTheNetwork() public {
        (uint64 round, uint256 publishedAt) = seededAt(Quicknet.GENESIS - 1).roundOf(EPOCH);
        eq(round, 1, "first round");
        eq(publishedAt, Quicknet.GENESIS, "at genesis");
        (round,) = seededAt(Quicknet.GENESIS).roundOf(EPOCH);
        eq(round, 1, "at genesis too");
        (round,) = seededAt(Quicknet.GENESIS + 1).roundOf(EPOCH);
        eq(round, 2, "then the next");
    }

    function test_everySecondHasOneRound() public {
        for (uint256 i = 0; i < 7; ++i) {
            drand = seededAt(T - 2 + i);
            uint64 round = ROUND + uint64(i / 3);
            for (uint64 other = ROUND; other < ROUND + 3; ++other) {
                if (other != round) refuses(wrongSignature(round), Quicknet.signature(other));
            }
            drand.draw(EPOCH, Quicknet.signature(round));
        }
    }

    // --- draw

    function test_drawsThePublishedRandomness() public {
        bytes32 value = sha256(Quicknet.published(ROUND));
        bytes32 want = keccak256(abi.encode("surety.seed", value, uint256(EPOCH)));
        asset.mint(address(this), 2 * TIP);
        asset.approve(address(drand), 2 * TIP);
        drand.fundTips(2 * TIP);
        undrawn();

        vm.expectEmit(true, true, true, true, address(drand));
        emit ISeedBeacon.SeedDrawn(EPOCH, want, value, DRAWER);
        vm.prank(DRAWER);
        eq(drand.draw(EPOCH, Quicknet.signature(ROUND)), want, "returned");
        (bytes32 seed, uint64 time) = drand.seedOf(EPOCH);
        eq(seed, want, "seed");
        eq(time, T + 100, "when");
        (seed,) = drand.seedOf(EPOCH + 1);
        eq(seed, 0, "no other epoch's");
        eq(drand.tipsOf(DRAWER), TIP, "tip");
        vm.prank(DRAWER);
        eq(drand.claimTips(), TIP, "claimed");
    }

    function test_valuesAreTheHashesOfThePublishedBytes() public pure {
        for (uint64 round = ROUND; round < ROUND + 3; ++round) {
            bytes memory have = Bls.compress(Quicknet.signature(round));
            eq(have.length, 48, "length");
            eq(keccak256(have), keccak256(Quicknet.published(round)), "as published");
        }
        // As drand publishes it beside the signature.
        eq(
            sha256(Quicknet.published(ROUND)),
            0xfe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd,
            "randomness"
        );
    }

    function test_drawsOnce() public {
        drand.draw(EPOCH, Quicknet.signature(ROUND));
        vm.expectRevert(abi.encodeWithSelector(ITippedBeacon.TippedBeaconAlreadyDrawn.selector, EPOCH));
        drand.draw(EPOCH, Quicknet.signature(ROUND));
        vm.expectRevert(abi.encodeWithSelector(ITippedBeacon.TippedBeaconAlreadyDrawn.selector, EPOCH));
        drand.draw(EPOCH, Quicknet.signature(ROUND + 1));
    }

    function test_notBeforeTheRoundIsPublished() public {
        // The seed time is past, the first round after it is not.
        drand = seededAt(T - 2);
        vm.warp(T - 1);
        refuses(
            abi.encodeWithSelector(ITippedBeacon.TippedBeaconTooEarly.selector, T - 1, T), Quicknet.signature(ROUND)
        );
        vm.warp(T);
        drand.draw(EPOCH, Quicknet.signature(ROUND));
    }

    function test_drawsHoweverLate() public {
        vm.warp(T + 20 * 365 days);
        drand.draw(EPOCH, Quicknet.signature(ROUND));
    }

    function test_refusesTheSignatureNegated() public {
        Bls.G1 memory s = Quicknet.signature(ROUND);
        uint256 pLo = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
        uint256 pHi = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
        s.yHi = pHi - s.yHi - (s.yLo > pLo ? 1 : 0);
        unchecked {
            s.yLo = pLo - s.yLo;
        }
        refuses(wrongSignature(ROUND), s);
        // It differs from the signature in the bit of the larger y alone.
        bytes memory bytes_ = Quicknet.published(ROUND);
        bytes_[0] ^= 0x20;
        eq(keccak256(Bls.compress(s)), keccak256(bytes_), "the other point of this x");
    }

    function test_refusesInfinity() public {
        refuses(abi.encodeWithSelector(Bls.BlsInfinity.selector), Bls.G1(0, 0, 0, 0));
    }

    function test_refusesCoordinatesThatAreNoFieldElements() public {
        uint256 pHi = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
        uint256 pLo = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
        uint256[2][4] memory wrong =
            [[pHi, pLo], [pHi, pLo + 1], [pHi + 1, 0], [type(uint256).max, type(uint256).max]];
        for (uint256 i = 0; i < wrong.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(Bls.BlsNoFieldElement.selector, wrong[i][0], wrong[i][1]);
            Bls.G1 memory s = Quicknet.signature(ROUND);
            (s.xHi, s.xLo) = (wrong[i][0], wrong[i][1]);
            refuses(reason, s);
            s = Quicknet.signature(ROUND);
            (s.yHi, s.yLo) = (wrong[i][0], wrong[i][1]);
            refuses(reason, s);
        }
        // p - 1 is a field element, but no x of the point.
        Bls.G1 memory last = Quicknet.signature(ROUND);
        (last.xHi, last.xLo) = (pHi, pLo - 1);
        refuses(noPoint(), last);
        // (p, p) is infinity only to those who reduce.
        refuses(abi.encodeWithSelector(Bls.BlsNoFieldElement.selector, pHi, pLo), Bls.G1(pHi, pLo, pHi, pLo));
    }

    function test_refusesPointsOffTheCurveOrOutsideTheGroup() public {
        refuses(noPoint(), Bls.G1(0, 1, 0, 1));
        // On the curve, y^2 = 4^3 + 4, of another order.
        refuses(
            noPoint(),
            Bls.G1({
                xHi: 0,
                xLo: 4,
                yHi: 0x0a989badd40d6212b33cffc3f3763e9b,
                yLo: 0xc760f988c9926b26da9dd85e928483446346b8ed00e1de5d5ea93e354abe706c
            })
        );
    }

    function test_refusesCalldataOfTheWrongLength() public {
        bytes memory whole = abi.encodeCall(drand.draw, (EPOCH, Quicknet.signature(ROUND)));
        for (uint256 length = 4; length < whole.length; length += 32) {
            bytes memory short = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                short[i] = whole[i];
            }
            (bool ok,) = address(drand).call(short);
            require(!ok, "a short call was accepted");
        }
        undrawn();
        (bool drawn,) = address(drand).call(whole);
        require(drawn, "the whole one is accepted");
    }

    /// @dev Whatever bit is wrong, nothing is drawn.
    function testFuzz_noFlippedBitDraws(uint16 place) public {
        uint256 bit = place % 1024;
        uint256[4] memory words = abi.decode(abi.encode(Quicknet.signature(ROUND)), (uint256[4]));
        words[bit / 256] ^= 1 << (bit % 256);
        Bls.G1 memory s = abi.decode(abi.encode(words), (Bls.G1));
        (bool ok, bytes memory reason) = address(drand).call(abi.encodeCall(drand.draw, (EPOCH, s)));
        require(!ok, "a flipped bit was accepted");
        bytes4 why = bytes4(reason);
        require(why == Bls.BlsNoPoint.selector || why == Bls.BlsNoFieldElement.selector, "another reason");
        undrawn();
    }

    /// @dev Whatever numbers come, nothing is drawn from them.
    function testFuzz_garbageNeverDraws(Bls.G1 calldata garbage) public {
        (bool ok,) = address(drand).call(abi.encodeCall(drand.draw, (EPOCH, garbage)));
        require(!ok, "garbage was accepted");
        undrawn();
    }

    /// @dev Whatever gas a call comes with, it draws the one seed or changes nothing.
    function testFuzz_littleGasChangesNothing(uint32 gas_) public {
        bytes memory call_ = abi.encodeCall(drand.draw, (EPOCH, Quicknet.signature(ROUND)));
        (bool ok,) = address(drand).call{gas: gas_ % 400_000}(call_);
        if (!ok) return undrawn();
        (bytes32 seed,) = drand.seedOf(EPOCH);
        bytes32 value = sha256(Quicknet.published(ROUND));
        eq(seed, keccak256(abi.encode("surety.seed", value, uint256(EPOCH))), "the seed");
    }
}
