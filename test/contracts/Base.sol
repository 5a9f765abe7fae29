// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {EpochClock} from "../../contracts/epoch/EpochClock.sol";
import {Windows} from "../../contracts/epoch/IEpochClock.sol";
import {TestAsset} from "../../contracts/examples/TestAsset.sol";
import {ModelRegistry} from "../../contracts/registry/ModelRegistry.sol";
import {ProviderRegistry} from "../../contracts/registry/ProviderRegistry.sol";
import {VerifierRegistry} from "../../contracts/registry/VerifierRegistry.sol";
import {IStakePool} from "../../contracts/stake/IStakePool.sol";
import {StakePool} from "../../contracts/stake/StakePool.sol";
import {SettableBeacon} from "./SettableBeacon.sol";
import {vm} from "./Vm.sol";

/// @notice What most tests begin with: asset, rights, clock, stake and registries, wired as the deploy script does.
/// @dev The test contract is governance and slasher. Time starts at genesis.
abstract contract Base {
    /// Right to request exits from the stake pool.
    uint64 internal constant ROLE_EXIT = 1;
    /// Right to lock and unlock in the stake pool.
    uint64 internal constant ROLE_LOCK = 2;
    /// Right to deposit and request exits of backing.
    uint64 internal constant ROLE_VAULT = 4;

    uint64 internal constant GENESIS = 1_000_000;
    uint64 internal constant LENGTH = 1000;
    uint64 internal constant EXIT_DELAY = 7000;
    uint256 internal constant TICKET = 10e18;

    TestAsset internal asset;
    AccessManager internal manager;
    EpochClock internal clock;
    StakePool internal pool;
    SettableBeacon internal beacon;
    ProviderRegistry internal providers;
    ModelRegistry internal models;
    VerifierRegistry internal verifiers;

    function setUp() public virtual {
        vm.warp(GENESIS);
        asset = new TestAsset();
        manager = new AccessManager(address(this));
        clock = new EpochClock(address(manager), GENESIS, LENGTH, EXIT_DELAY, defaultWindows());
        pool = new StakePool(address(manager), asset, clock, slasher());
        beacon = new SettableBeacon();
        providers = new ProviderRegistry(address(manager), clock, pool);
        models = new ModelRegistry();
        verifiers = new VerifierRegistry(address(manager), clock, pool, providers, TICKET);

        allowStake(pool);
        manager.grantRole(ROLE_EXIT, address(providers), 0);
        manager.grantRole(ROLE_EXIT, address(verifiers), 0);
        manager.grantRole(ROLE_LOCK, address(verifiers), 0);
    }

    /// @notice Who may slash.
    function slasher() internal virtual returns (address) {
        return address(this);
    }

    /// @notice Windows whose longest way from fault to slash is 6550 s.
    function defaultWindows() internal pure returns (Windows memory) {
        return Windows({
            logWindow: 200,
            beaconLag: 50,
            openWindow: 200,
            commitWindow: 200,
            outputWindow: 200,
            revealWindow: 200,
            disputeWindow: 400,
            answerWindow: 100,
            juryWindow: 200,
            grace: 50
        });
    }

    /// @notice Holders of `role` may call `selector` of `target`.
    function allow(address target, bytes4 selector, uint64 role) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
    }

    /// @notice Gives the rights of a stake pool to their roles.
    function allowStake(StakePool target) internal {
        allow(address(target), IStakePool.requestExit.selector, ROLE_EXIT);
        allow(address(target), IStakePool.lock.selector, ROLE_LOCK);
        allow(address(target), IStakePool.unlock.selector, ROLE_LOCK);
        allow(address(target), IStakePool.deposit.selector, ROLE_VAULT);
        allow(address(target), IStakePool.requestBackingExit.selector, ROLE_VAULT);
    }

    /// @notice Moves time to the start of `epoch`.
    function toEpoch(uint64 epoch) internal {
        vm.warp(GENESIS + uint256(epoch) * LENGTH);
    }

    /// @notice Gives `who` tokens and bonds them for it.
    function bondFor(address who, uint256 amount) internal {
        asset.mint(who, amount);
        vm.startPrank(who);
        asset.approve(address(pool), amount);
        pool.bond(who, amount);
        vm.stopPrank();
    }

    /// @notice Registers `provider` with `operator` and a bond.
    function registerProvider(address provider, address operator, uint256 amount) internal {
        if (amount > 0) bondFor(provider, amount);
        vm.prank(provider);
        providers.register(operator, "https://provider.example", "eu-1");
    }

    /// @notice `verifier` bonds and buys `count` tickets.
    function registerVerifier(address verifier, uint256 count) internal returns (uint256[] memory) {
        bondFor(verifier, count * TICKET);
        vm.prank(verifier);
        return verifiers.buy(count);
    }

    function eq(uint256 have, uint256 want, string memory what) internal pure {
        vm.assertEq(have, want, what);
    }

    function eq(address have, address want, string memory what) internal pure {
        vm.assertEq(uint160(have), uint160(want), what);
    }

    function eq(bytes32 have, bytes32 want, string memory what) internal pure {
        vm.assertEq(uint256(have), uint256(want), what);
    }

    function eq(string memory have, string memory want, string memory what) internal pure {
        require(keccak256(bytes(have)) == keccak256(bytes(want)), what);
    }
}
