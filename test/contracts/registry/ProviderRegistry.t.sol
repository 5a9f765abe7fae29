// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochClock} from "../../../contracts/epoch/IEpochClock.sol";
import {EpochClock} from "../../../contracts/epoch/EpochClock.sol";
import {IProviderRegistry} from "../../../contracts/registry/IProviderRegistry.sol";
import {ProviderRegistry} from "../../../contracts/registry/ProviderRegistry.sol";
import {ExitStatus, IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";

contract ProviderRegistryTest is Base {
    address internal constant PROVIDER = address(0x1);
    address internal constant OPERATOR = address(0x2);
    address internal constant BUYER = address(0x3);
    address internal constant KEY = address(0x4);
    address internal constant STRANGER = address(0x5);
    string internal constant URL = "https://provider.example";

    /// Everything that the registry says of the provider around the present.
    struct State {
        address[6] owners;
        address[6] operators;
        uint64[6] tenures;
        string endpoint;
        bytes32 failureDomain;
        bool known;
    }

    function setUp() public override {
        super.setUp();
        toEpoch(10);
    }

    function state(address provider) internal view returns (State memory s) {
        for (uint64 i = 0; i < 6; ++i) {
            s.owners[i] = providers.ownerAt(provider, 9 + i);
            s.operators[i] = providers.operatorAt(provider, 9 + i);
            s.tenures[i] = providers.tenureStartAt(provider, 9 + i);
        }
        (s.endpoint, s.failureDomain) = providers.endpointOf(provider);
        s.known = providers.isProvider(provider);
    }

    function same(State memory have, State memory want) internal pure {
        for (uint256 i = 0; i < 6; ++i) {
            eq(have.owners[i], want.owners[i], "owner");
            eq(have.operators[i], want.operators[i], "operator");
            eq(have.tenures[i], want.tenures[i], "tenure");
        }
        eq(have.endpoint, want.endpoint, "endpoint");
        eq(have.failureDomain, want.failureDomain, "failure domain");
        require(have.known == want.known, "known");
    }

    function registered() internal returns (State memory s) {
        registerProvider(PROVIDER, OPERATOR, 100e18);
        s = state(PROVIDER);
    }

    /// @dev `newOwner` buys the provider; a handover is under way until epoch 12.
    function sold(address newOwner) internal {
        vm.prank(PROVIDER);
        providers.offerOwner(PROVIDER, newOwner);
        vm.prank(newOwner);
        providers.acceptOwner(PROVIDER);
    }

    function notOwner(address have, address need) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IProviderRegistry.ProviderRegistryNotOwner.selector, have, need);
    }

    // --- register

    function test_registerHoldsFromNowOn() public {
        State memory s = state(PROVIDER);
        same(s, State(s.owners, s.operators, s.tenures, "", 0, false));
        vm.expectEmit(true, true, true, true, address(providers));
        emit IProviderRegistry.ProviderRegistered(PROVIDER, OPERATOR, URL, "eu-1");
        vm.expectEmit(true, true, true, true, address(providers));
        emit IProviderRegistry.OwnerChanged(PROVIDER, PROVIDER, 10);
        vm.expectEmit(true, true, true, true, address(providers));
        emit IProviderRegistry.OperatorChanged(PROVIDER, OPERATOR, 10);
        vm.prank(PROVIDER);
        providers.register(OPERATOR, URL, "eu-1");
        for (uint256 i = 1; i < 6; ++i) {
            s.owners[i] = PROVIDER;
            s.operators[i] = OPERATOR;
            s.tenures[i] = 10;
        }
        s.endpoint = URL;
        s.failureDomain = "eu-1";
        s.known = true;
        same(state(PROVIDER), s);
        eq(providers.providerOf(OPERATOR), PROVIDER, "provider of the key");
        eq(providers.ownerAt(PROVIDER, type(uint64).max), PROVIDER, "for ever");
    }

    function test_registerOnce() public {
        State memory s = registered();
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryRegistered.selector, PROVIDER));
        providers.register(KEY, URL, "eu-1");
        same(state(PROVIDER), s);
        eq(providers.providerOf(KEY), address(0), "the key is still free");
    }

    function test_registerRefusesWhatIsMalformed() public {
        vm.startPrank(PROVIDER);
        vm.expectRevert(IProviderRegistry.ProviderRegistryZeroAddress.selector);
        providers.register(address(0), URL, "eu-1");
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryBadEndpoint.selector, 0, 256));
        providers.register(OPERATOR, "", "eu-1");
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryBadEndpoint.selector, 257, 256));
        providers.register(OPERATOR, string(new bytes(257)), "eu-1");
        require(!providers.isProvider(PROVIDER), "nothing changed");
        providers.register(OPERATOR, string(new bytes(256)), "eu-1");
        vm.stopPrank();
    }

    function test_beforeGenesisNobodyRegisters() public {
        EpochClock later =
            new EpochClock(address(manager), uint64(block.timestamp) + 5, LENGTH, EXIT_DELAY, defaultWindows());
        ProviderRegistry early = new ProviderRegistry(address(manager), later, pool);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEpochClock.EpochClockBeforeGenesis.selector, block.timestamp, block.timestamp + 5
            )
        );
        early.register(OPERATOR, URL, "eu-1");
    }

    function test_anOperatorKeyHasOneProviderForEver() public {
        registered();
        bytes memory taken =
            abi.encodeWithSelector(IProviderRegistry.ProviderRegistryOperatorTaken.selector, OPERATOR, PROVIDER);
        vm.prank(STRANGER);
        vm.expectRevert(taken);
        providers.register(OPERATOR, URL, "eu-1");

        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, KEY);
        toEpoch(20);
        vm.startPrank(STRANGER);
        vm.expectRevert(taken);
        providers.register(OPERATOR, URL, "eu-1");
        providers.register(STRANGER, URL, "eu-1");
        vm.expectRevert(taken);
        providers.setOperator(STRANGER, OPERATOR);
        vm.stopPrank();
        // Its own provider may come back to it.
        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, OPERATOR);
        eq(providers.operatorAt(PROVIDER, 22), OPERATOR, "back");
    }

    // --- operator

    function test_operatorChangesInTwoEpochs() public {
        State memory s = registered();
        vm.expectEmit(true, true, true, true, address(providers));
        emit IProviderRegistry.OperatorChanged(PROVIDER, KEY, 12);
        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, KEY);
        for (uint256 i = 3; i < 6; ++i) {
            s.operators[i] = KEY;
            s.tenures[i] = 12;
        }
        same(state(PROVIDER), s);
        eq(providers.providerOf(KEY), PROVIDER, "new key");
        eq(providers.providerOf(OPERATOR), PROVIDER, "old key");
        // What is past stays past.
        toEpoch(40);
        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, BUYER);
        same(state(PROVIDER), s);
    }

    function test_operatorRefusesZeroAndStrangers() public {
        State memory s = registered();
        vm.prank(PROVIDER);
        vm.expectRevert(IProviderRegistry.ProviderRegistryZeroAddress.selector);
        providers.setOperator(PROVIDER, address(0));
        vm.prank(OPERATOR);
        vm.expectRevert(notOwner(OPERATOR, PROVIDER));
        providers.setOperator(PROVIDER, KEY);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryUnknown.selector, STRANGER));
        providers.setOperator(STRANGER, KEY);
        same(state(PROVIDER), s);
    }

    // --- owner

    function test_ownerChangesInTwoEpochs() public {
        State memory s = registered();
        vm.expectEmit(true, true, true, true, address(providers));
        emit IProviderRegistry.OwnerOffered(PROVIDER, BUYER);
        vm.prank(PROVIDER);
        providers.offerOwner(PROVIDER, BUYER);
        same(state(PROVIDER), s);
        vm.expectEmit(true, true, true, true, address(providers));
        emit IProviderRegistry.OwnerChanged(PROVIDER, BUYER, 12);
        vm.prank(BUYER);
        providers.acceptOwner(PROVIDER);
        for (uint256 i = 3; i < 6; ++i) {
            s.owners[i] = BUYER;
            s.tenures[i] = 12;
        }
        same(state(PROVIDER), s);
    }

    function test_onlyWhoWasOfferedAccepts() public {
        State memory s = registered();
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryUnknown.selector, STRANGER));
        providers.acceptOwner(STRANGER);
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IProviderRegistry.ProviderRegistryNotOffered.selector, STRANGER, address(0))
        );
        providers.acceptOwner(PROVIDER);
        vm.startPrank(PROVIDER);
        providers.offerOwner(PROVIDER, BUYER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryNotOffered.selector, PROVIDER, BUYER));
        providers.acceptOwner(PROVIDER);
        providers.offerOwner(PROVIDER, address(0));
        vm.stopPrank();
        vm.prank(BUYER);
        vm.expectRevert(
            abi.encodeWithSelector(IProviderRegistry.ProviderRegistryNotOffered.selector, BUYER, address(0))
        );
        providers.acceptOwner(PROVIDER);
        same(state(PROVIDER), s);
    }

    function test_anOfferIsAcceptedOnce() public {
        registered();
        sold(BUYER);
        vm.prank(BUYER);
        vm.expectRevert(
            abi.encodeWithSelector(IProviderRegistry.ProviderRegistryNotOffered.selector, BUYER, address(0))
        );
        providers.acceptOwner(PROVIDER);
    }

    /// @dev During a handover the seller must not be able to sell again, plant a key or take the bond.
    function test_theSellerCannotUndoASale() public {
        registered();
        sold(BUYER);
        toEpoch(11);
        vm.startPrank(PROVIDER);
        vm.expectRevert(notOwner(PROVIDER, BUYER));
        providers.offerOwner(PROVIDER, STRANGER);
        vm.expectRevert(notOwner(PROVIDER, BUYER));
        providers.setOperator(PROVIDER, KEY);
        vm.expectRevert(notOwner(PROVIDER, BUYER));
        providers.exit(PROVIDER, 1);
        // The endpoint is still the seller's to keep alive.
        providers.setEndpoint(PROVIDER, "https://moved.example", "eu-2");
        vm.stopPrank();
    }

    function test_theBuyerBeginsWithItsEpoch() public {
        registered();
        sold(BUYER);
        vm.startPrank(BUYER);
        vm.expectRevert(notOwner(BUYER, PROVIDER));
        providers.exit(PROVIDER, 1);
        vm.expectRevert(notOwner(BUYER, PROVIDER));
        providers.setEndpoint(PROVIDER, "https://mine.example", "us-1");
        // Takes effect no earlier than its ownership.
        providers.setOperator(PROVIDER, KEY);
        eq(providers.operatorAt(PROVIDER, 11), OPERATOR, "not before");
        eq(providers.operatorAt(PROVIDER, 12), KEY, "with its own");
        toEpoch(12);
        providers.exit(PROVIDER, 1);
        providers.setEndpoint(PROVIDER, "https://mine.example", "us-1");
        vm.stopPrank();
        vm.prank(PROVIDER);
        vm.expectRevert(notOwner(PROVIDER, BUYER));
        providers.setEndpoint(PROVIDER, URL, "eu-1");
    }

    function test_aSecondSaleInOneEpochReplacesTheFirst() public {
        registered();
        sold(BUYER);
        vm.prank(BUYER);
        providers.offerOwner(PROVIDER, STRANGER);
        vm.prank(STRANGER);
        providers.acceptOwner(PROVIDER);
        eq(providers.ownerAt(PROVIDER, 11), PROVIDER, "still the first");
        eq(providers.ownerAt(PROVIDER, 12), STRANGER, "then the last");
    }

    // --- endpoint

    function test_endpointChangesAtOnceAndLeavesTenureAlone() public {
        State memory s = registered();
        vm.expectEmit(true, true, true, true, address(providers));
        emit IProviderRegistry.EndpointChanged(PROVIDER, "https://moved.example", "us-1");
        vm.prank(PROVIDER);
        providers.setEndpoint(PROVIDER, "https://moved.example", "us-1");
        s.endpoint = "https://moved.example";
        s.failureDomain = "us-1";
        same(state(PROVIDER), s);
    }

    function test_endpointRefusesStrangersAndLength() public {
        State memory s = registered();
        vm.prank(OPERATOR);
        vm.expectRevert(notOwner(OPERATOR, PROVIDER));
        providers.setEndpoint(PROVIDER, URL, "us-1");
        vm.startPrank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryBadEndpoint.selector, 0, 256));
        providers.setEndpoint(PROVIDER, "", "us-1");
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryBadEndpoint.selector, 300, 256));
        providers.setEndpoint(PROVIDER, string(new bytes(300)), "us-1");
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryUnknown.selector, STRANGER));
        providers.setEndpoint(STRANGER, URL, "us-1");
        same(state(PROVIDER), s);
    }

    // --- exit

    function test_exitPaysTheOwner() public {
        registered();
        sold(BUYER);
        toEpoch(12);
        vm.prank(BUYER);
        eq(providers.exit(PROVIDER, 30e18), 0, "first exit");
        ExitStatus memory leaver = pool.exitStatus(PROVIDER, Tranche.Own, 0);
        eq(leaver.receiver, BUYER, "to the owner");
        eq(leaver.value, 30e18, "what was asked");
        eq(pool.stakeOf(PROVIDER), 70e18, "the rest stays");
    }

    function test_exitRefusesStrangersAndTooMuch() public {
        registered();
        vm.prank(OPERATOR);
        vm.expectRevert(notOwner(OPERATOR, PROVIDER));
        providers.exit(PROVIDER, 1);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryUnknown.selector, STRANGER));
        providers.exit(STRANGER, 1);
        vm.prank(PROVIDER);
        vm.expectRevert(
            abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 100e18, 100e18 + 1)
        );
        providers.exit(PROVIDER, 100e18 + 1);
    }

    // --- history

    /// @dev Many changes at random times against a list of what was written.
    function testFuzz_historyIsKept(uint8[10] memory gaps, uint8 kinds) public {
        registered();
        address[200] memory owner;
        address[200] memory operator;
        for (uint256 e = 10; e < 200; ++e) (owner[e], operator[e]) = (PROVIDER, OPERATOR);
        uint64 epoch = 10;
        address latest = PROVIDER;
        for (uint160 i = 0; i < 10; ++i) {
            epoch += gaps[i] % 16;
            toEpoch(epoch);
            address next = address(0x1000 + i);
            vm.prank(latest);
            if ((kinds >> (i % 8)) & 1 == 0) {
                providers.setOperator(PROVIDER, next);
                for (uint256 e = epoch + 2; e < 200; ++e) operator[e] = next;
            } else {
                providers.offerOwner(PROVIDER, next);
                vm.prank(next);
                providers.acceptOwner(PROVIDER);
                for (uint256 e = epoch + 2; e < 200; ++e) owner[e] = next;
                latest = next;
            }
        }
        for (uint64 e = 0; e < 200; ++e) {
            eq(providers.ownerAt(PROVIDER, e), owner[e], "owner");
            eq(providers.operatorAt(PROVIDER, e), operator[e], "operator");
        }
    }
}
