// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVerifierRegistry} from "../../../contracts/registry/IVerifierRegistry.sol";
import {VerifierRegistry} from "../../../contracts/registry/VerifierRegistry.sol";
import {ExitStatus, IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";

contract VerifierRegistryTest is Base {
    address internal constant V1 = address(0xB1);
    address internal constant V2 = address(0xB2);
    address internal constant V3 = address(0xB3);
    address internal constant PROVIDER = address(0xCC);
    bytes32 internal constant MODEL = keccak256("model");
    bytes32 internal constant SEED = keccak256("seed");
    uint64 internal constant LIVE = type(uint48).max;

    function setUp() public override {
        super.setUp();
        registerProvider(PROVIDER, PROVIDER, 0);
        toEpoch(10);
    }

    function list(uint256 index) internal pure returns (uint256[] memory indexes) {
        indexes = new uint256[](1);
        indexes[0] = index;
    }

    function list(uint256 first, uint256 second) internal pure returns (uint256[] memory indexes) {
        indexes = new uint256[](2);
        (indexes[0], indexes[1]) = (first, second);
    }

    function giveBack(address verifier, uint256[] memory indexes) internal {
        vm.prank(verifier);
        verifiers.giveBack(indexes);
    }

    function eqTicket(uint256 index, address verifier, uint64 from, uint64 until) internal view {
        (address v, uint64 f, uint64 u) = verifiers.ticket(index);
        eq(v, verifier, "holder");
        eq(f, from, "from");
        eq(u, until, "until");
    }

    function eqHolder(address verifier, uint256 tickets, uint256 stake) internal view {
        eq(verifiers.ticketsOf(verifier), tickets, "tickets held");
        eq(pool.locked(verifier), tickets * TICKET, "locked");
        eq(pool.stakeOf(verifier), stake, "stake");
    }

    function seatsAt(uint64 epoch) internal view returns (address[] memory) {
        return verifiers.seats(SEED, PROVIDER, MODEL, epoch, 0, 5);
    }

    function filled(uint64 epoch) internal view returns (uint256 count) {
        address[] memory drawn = seatsAt(epoch);
        for (uint256 s = 0; s < drawn.length; ++s) if (drawn[s] != address(0)) ++count;
    }

    function sits(uint64 epoch, address verifier) internal view returns (bool) {
        address[] memory drawn = seatsAt(epoch);
        for (uint256 s = 0; s < drawn.length; ++s) if (drawn[s] == verifier) return true;
        return false;
    }

    // --- construction

    function test_ticketsHaveASize() public {
        eq(verifiers.ticketSize(), TICKET, "size");
        vm.expectRevert(IVerifierRegistry.VerifierRegistryNoSize.selector);
        new VerifierRegistry(address(manager), clock, pool, providers, 0);
    }

    // --- buy

    function test_buyLocksStakeAndCountsInTwoEpochs() public {
        bondFor(V1, 35e18);
        vm.expectEmit(true, true, true, true, address(verifiers));
        emit IVerifierRegistry.TicketBought(V1, 0, 12);
        vm.expectEmit(true, true, true, true, address(verifiers));
        emit IVerifierRegistry.TicketBought(V1, 1, 12);
        vm.prank(V1);
        uint256[] memory indexes = verifiers.buy(2);
        eq(indexes.length, 2, "two");
        eq(indexes[0], 0, "first");
        eq(indexes[1], 1, "second");
        eqTicket(0, V1, 12, LIVE);
        eqTicket(1, V1, 12, LIVE);
        eqTicket(2, address(0), 0, 0);
        eqHolder(V1, 2, 35e18);
        eq(verifiers.lengthAt(9), 0, "length before");
        eq(verifiers.lengthAt(10), 2, "length now");
        eq(verifiers.lengthAt(type(uint64).max), 2, "length from now on");
        eq(filled(11), 0, "not yet");
        require(sits(12, V1), "sits from 12 on");
    }

    function test_buyNeedsFreeStake() public {
        bondFor(V1, 35e18);
        vm.startPrank(V1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 35e18, 40e18));
        verifiers.buy(4);
        verifiers.buy(3);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 5e18, 10e18));
        verifiers.buy(1);
        vm.stopPrank();
        eqHolder(V1, 3, 35e18);
        eq(verifiers.lengthAt(10), 3, "length");
    }

    function test_buyOneToThirtyTwo() public {
        bondFor(V1, 100 * TICKET);
        vm.startPrank(V1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryBadCount.selector, 0, 32));
        verifiers.buy(0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryBadCount.selector, 33, 32));
        verifiers.buy(33);
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryBadCount.selector, type(uint256).max, 32)
        );
        verifiers.buy(type(uint256).max);
        verifiers.buy(32);
        vm.stopPrank();
        eqHolder(V1, 32, 100 * TICKET);
    }

    function test_providersBuyNoTickets() public {
        bondFor(PROVIDER, 100e18);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryIsProvider.selector, PROVIDER));
        verifiers.buy(1);
        eqHolder(PROVIDER, 0, 100e18);
    }

    // --- give back

    function test_returnFreesStakeAndEndsInTwoEpochs() public {
        registerVerifier(V1, 3);
        toEpoch(20);
        vm.expectEmit(true, true, true, true, address(verifiers));
        emit IVerifierRegistry.TicketReturned(V1, 2, 22);
        vm.expectEmit(true, true, true, true, address(verifiers));
        emit IVerifierRegistry.TicketReturned(V1, 0, 22);
        giveBack(V1, list(2, 0));
        eqTicket(0, V1, 12, 22);
        eqTicket(1, V1, 12, LIVE);
        eqTicket(2, V1, 12, 22);
        eqHolder(V1, 1, 3 * TICKET);
        eq(verifiers.lengthAt(20), 3, "places stay");
        giveBack(V1, list(1));
        require(sits(21, V1), "still serves 21");
        eq(filled(22), 0, "and 22 no more");
        eqHolder(V1, 0, 3 * TICKET);
    }

    function test_returnRefusesWhatIsNotTheCallers() public {
        registerVerifier(V1, 2);
        registerVerifier(V2, 1);
        toEpoch(20);
        vm.startPrank(V2);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryNotHolder.selector, V2, V1));
        verifiers.giveBack(list(2, 0));
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryNoTicket.selector, 3, 3));
        verifiers.giveBack(list(3));
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryReturned.selector, 2, 22));
        verifiers.giveBack(list(2, 2));
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryBadCount.selector, 0, 32));
        verifiers.giveBack(new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryBadCount.selector, 33, 32));
        verifiers.giveBack(new uint256[](33));
        eqTicket(2, V2, 12, LIVE);
        eqHolder(V2, 1, TICKET);
        verifiers.giveBack(list(2));
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryReturned.selector, 2, 22));
        verifiers.giveBack(list(2));
        vm.stopPrank();
    }

    // --- exit

    function test_exitPaysTheVerifierItsFreeStake() public {
        registerVerifier(V1, 2);
        bondFor(V1, 5e18);
        vm.startPrank(V1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 5e18, 5e18 + 1));
        verifiers.exit(5e18 + 1);
        verifiers.giveBack(list(0));
        eq(verifiers.exit(15e18), 0, "first exit");
        vm.stopPrank();
        ExitStatus memory leaver = pool.exitStatus(V1, Tranche.Own, 0);
        eq(leaver.receiver, V1, "to itself");
        eq(leaver.value, 15e18, "all that is free");
        eqHolder(V1, 1, TICKET);
    }

    /// @dev A provider that was sold must not take its bond out by the verifiers' door.
    function test_exitIsNotForProviders() public {
        bondFor(PROVIDER, 100e18);
        vm.prank(PROVIDER);
        providers.offerOwner(PROVIDER, V1);
        vm.prank(V1);
        providers.acceptOwner(PROVIDER);
        toEpoch(12);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryIsProvider.selector, PROVIDER));
        verifiers.exit(1);
    }

    function test_aVerifierThatBecomesAProviderCanStillReturn() public {
        registerVerifier(V1, 1);
        registerProvider(V1, V1, 0);
        giveBack(V1, list(0));
        vm.prank(V1);
        providers.exit(V1, TICKET);
        eqHolder(V1, 0, 0);
    }

    // --- places

    function test_aPlaceIsReusedOnlyWhenItsDrawsAreOver() public {
        registerVerifier(V1, 1);
        toEpoch(20);
        giveBack(V1, list(0));
        uint256 free = GENESIS + 23 * LENGTH + EXIT_DELAY;
        vm.warp(free - 1);
        eq(registerVerifier(V2, 1)[0], 1, "a new place");
        eqTicket(0, V1, 12, 22);
        vm.warp(free);
        eq(registerVerifier(V2, 1)[0], 0, "the old place");
        eqTicket(0, V2, clock.current() + 2, LIVE);
        eq(verifiers.lengthAt(clock.current()), 2, "no longer");
    }

    function test_placesAreReusedInOrder() public {
        registerVerifier(V1, 4);
        toEpoch(20);
        giveBack(V1, list(2, 0));
        toEpoch(21);
        giveBack(V1, list(3));
        vm.warp(GENESIS + 23 * LENGTH + EXIT_DELAY);
        uint256[] memory indexes = registerVerifier(V2, 3);
        eq(indexes[0], 2, "returned first");
        eq(indexes[1], 0, "returned second");
        eq(indexes[2], 4, "the third is not free yet");
        vm.warp(GENESIS + 24 * LENGTH + EXIT_DELAY);
        indexes = registerVerifier(V3, 2);
        eq(indexes[0], 3, "now it is");
        eq(indexes[1], 5, "and then a new one");
        eq(verifiers.lengthAt(clock.current()), 6, "length");
    }

    /// @dev Who buys and returns one stake over and over in an epoch must not fill the array with dead places.
    function test_churnDoesNotDiluteTheDraw() public {
        registerVerifier(V1, 1);
        registerVerifier(V2, 1);
        bondFor(V3, 4 * TICKET);
        vm.startPrank(V3);
        for (uint256 i = 0; i < 20; ++i) verifiers.giveBack(verifiers.buy(4));
        vm.stopPrank();
        eqHolder(V3, 0, 4 * TICKET);
        eq(verifiers.lengthAt(10), 6, "no more places than stake at a time");
        eq(filled(12), 2, "both honest ones sit");
        require(!sits(12, V3), "and the other does not");
        // Those places go to whoever comes next, before any that must still wait.
        toEpoch(20);
        giveBack(V1, list(0));
        uint256[] memory indexes = registerVerifier(V2, 5);
        for (uint256 i = 0; i < 4; ++i) require(indexes[i] >= 2 && indexes[i] < 6, "a place that never counted");
        eq(indexes[4], 6, "then a new one");
    }

    function test_aTicketBoughtInAnEarlierEpochIsNotCancelled() public {
        registerVerifier(V1, 1);
        toEpoch(11);
        // The seed of 10 may be known by now, and with it the seats of 12.
        giveBack(V1, list(0));
        eqTicket(0, V1, 12, 13);
        require(sits(12, V1), "it serves its epoch");
        eq(registerVerifier(V2, 1)[0], 1, "and its place waits");
    }

    // --- draws

    function test_noDrawInTheFirstEpochs() public {
        toEpoch(0);
        registerVerifier(V1, 1);
        eq(filled(0), 0, "epoch 0");
        eq(filled(1), 0, "epoch 1");
        eq(filled(2), 1, "epoch 2");
        eq(verifiers.seats(SEED, PROVIDER, MODEL, 2, 0, 0).length, 0, "no seats asked for");
    }

    function test_theOwnerOfTheEpochTakesNoSeat() public {
        registerVerifier(V1, 1);
        registerVerifier(V2, 1);
        eq(filled(13), 2, "both sit");
        toEpoch(13);
        vm.prank(PROVIDER);
        providers.offerOwner(PROVIDER, V1);
        vm.prank(V1);
        providers.acceptOwner(PROVIDER);
        require(sits(14, V1), "until it owns");
        require(!sits(15, V1), "from then on not");
        require(sits(15, V2), "others do");
        // The ownership of the epoch counts, whoever owns now.
        toEpoch(30);
        vm.prank(V1);
        providers.offerOwner(PROVIDER, V3);
        vm.prank(V3);
        providers.acceptOwner(PROVIDER);
        toEpoch(40);
        require(!sits(20, V1), "the past stays");
        require(sits(40, V1), "and the present is another");
    }

    /// @dev A draw is fixed before its seed exists and stays readable as long as stake depends on it, whatever others buy
    /// and return meanwhile.
    function testFuzz_drawsAreFixedAndStay(uint256 entropy) public {
        address[4] memory actors = [V1, V2, V3, address(0xB4)];
        uint256[][4] memory held;
        bytes32[200] memory draws;
        uint64 fixedUpTo = 11;
        for (uint256 i = 0; i < 4; ++i) bondFor(actors[i], 1000 * TICKET);
        for (uint256 step = 0; step < 24; ++step) {
            uint256 r = uint256(keccak256(abi.encode(entropy, step)));
            uint64 epoch = clock.current() + uint64(r % 4);
            vm.warp(GENESIS + uint256(epoch) * LENGTH + (r >> 8) % LENGTH);
            // The draw of e is fixed once e - 2 is over: note the ones that just became so.
            for (; fixedUpTo <= epoch + 1; ++fixedUpTo) draws[fixedUpTo] = keccak256(abi.encode(seatsAt(fixedUpTo)));

            uint256 who = (r >> 32) % 4;
            if (held[who].length > 0 && (r >> 64) % 2 == 0) {
                giveBack(actors[who], held[who]);
                held[who] = new uint256[](0);
            } else if (held[who].length == 0) {
                vm.prank(actors[who]);
                held[who] = verifiers.buy((r >> 96) % 4 + 1);
            }

            // Any draw whose epoch's stake can still be slashed: until its end lies the exit delay back.
            uint64 e = uint64(epoch + 1 - (r >> 128) % 9);
            if (e >= 11 && block.timestamp < GENESIS + uint256(e + 1) * LENGTH + EXIT_DELAY) {
                eq(keccak256(abi.encode(seatsAt(e))), draws[e], "the draw moved");
            }
        }
    }
}
