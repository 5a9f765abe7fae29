// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DutyHandler} from "../market/DutyHandler.sol";
import {HubHandler} from "../market/HubHandler.sol";
import {MarketHandler} from "../market/MarketHandler.sol";

/// @dev The runner drives only contracts of the test's own file.
contract Handler is DutyHandler {}

/// @notice What must hold of hub, record, book, log and registries, whatever is done and in whatever order; numbers as in
/// docs/invariants.md.
/// @dev What compares before and after stands in the handler.
contract HubInvariantTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    DutyHandler private handler;

    function setUp() public {
        handler = new Handler();
        handler.begin();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory out) {
        bytes4[26] memory all = [
            MarketHandler.undertake.selector,
            MarketHandler.release.selector,
            MarketHandler.sell.selector,
            MarketHandler.setOperator.selector,
            MarketHandler.ban.selector,
            MarketHandler.setEndpoint.selector,
            MarketHandler.buy.selector,
            MarketHandler.giveBack.selector,
            MarketHandler.bond.selector,
            MarketHandler.exit.selector,
            MarketHandler.claimExit.selector,
            MarketHandler.slash.selector,
            MarketHandler.setWindows.selector,
            MarketHandler.pause.selector,
            HubHandler.step.selector,
            HubHandler.settleRecord.selector,
            HubHandler.judge.selector,
            HubHandler.wrong.selector,
            DutyHandler.note.selector,
            DutyHandler.note.selector,
            DutyHandler.takeBack.selector,
            HubHandler.warp.selector,
            HubHandler.sleep.selector,
            // Often, or few epochs ever end.
            HubHandler.step.selector,
            HubHandler.walk.selector,
            HubHandler.walk.selector
        ];
        out = new FuzzSelector[](1);
        out[0] = FuzzSelector(address(handler), new bytes4[](all.length));
        for (uint256 i = 0; i < all.length; ++i) out[0].selectors[i] = all[i];
    }

    /// @notice What the handler checks does come about, else it would check nothing.
    function test_TheHandlerGetsEverywhere() public {
        for (uint256 i = 0; i < 60; ++i) {
            uint256 choice = uint256(keccak256(abi.encode(i)));
            handler.walk(choice);
            handler.undertake(choice);
            for (uint256 n = 0; n < 4; ++n) handler.note(choice >> (8 * n));
            if (i > 30) handler.takeBack(choice);
            if (i % 9 == 5) handler.setOperator(choice);
            handler.check();
        }
        for (uint256 i = 0; i < 9; ++i) require(handler.reached(i) > 0, "never reached");
        for (uint256 i = 0; i < 3; ++i) require(handler.seen(i) > 0, "nobody was held to a duty");
    }

    function invariant_hub() public view {
        handler.check();
    }
}
