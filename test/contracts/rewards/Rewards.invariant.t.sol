// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HubHandler} from "../market/HubHandler.sol";
import {MarketHandler} from "../market/MarketHandler.sol";
import {RewardsHandler} from "../market/RewardsHandler.sol";

/// @dev The runner drives only contracts of the test's own file.
contract Handler is RewardsHandler {}

/// @notice What must hold of pay, whatever is funded, earned, claimed and swept, and in whatever order; numbers as in
/// docs/invariants.md.
contract RewardsInvariantTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    RewardsHandler private handler;

    function setUp() public {
        handler = new Handler();
        handler.begin();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory out) {
        bytes4[16] memory all = [
            RewardsHandler.fund.selector,
            RewardsHandler.fund.selector,
            RewardsHandler.claimProvider.selector,
            RewardsHandler.claimVerifier.selector,
            RewardsHandler.sweep.selector,
            RewardsHandler.sweep.selector,
            RewardsHandler.donate.selector,
            RewardsHandler.settleLate.selector,
            HubHandler.settleRecord.selector,
            HubHandler.step.selector,
            HubHandler.walk.selector,
            MarketHandler.undertake.selector,
            MarketHandler.sell.selector,
            MarketHandler.giveBack.selector,
            MarketHandler.setWindows.selector,
            MarketHandler.pause.selector
        ];
        out = new FuzzSelector[](1);
        out[0] = FuzzSelector(address(handler), new bytes4[](all.length));
        for (uint256 i = 0; i < all.length; ++i) out[0].selectors[i] = all[i];
    }

    function invariant_rewards() public view {
        handler.checkRewards();
    }
}
