// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PromiseMath} from "../../../contracts/libraries/PromiseMath.sol";
import {Service} from "../../../contracts/types/Service.sol";
import {vm} from "../Vm.sol";

/// @dev Histories are compared with their twin in promise.differential.test.ts.
contract PromiseMathTest {
    uint256 private constant TARGET = 990_000_000;

    function test_NothingMeasuredBreaksNothing() public pure {
        Service memory service;
        vm.assertEq(PromiseMath.breach(service, TARGET), 0);
    }

    function test_EpochsComeInOrder() public {
        (Service memory service,) = PromiseMath.measure(_new(), 7, TARGET, 66, 66, 0);
        vm.expectRevert(abi.encodeWithSelector(PromiseMath.PromiseMathEpochNotLater.selector, 7, 8));
        this.measure(service, 7);
        (service,) = this.measure(service, 8);
        vm.assertEq(service.epoch, 8);
    }

    function measure(Service memory service, uint256 epoch) external pure returns (Service memory, uint256) {
        return PromiseMath.measure(service, epoch, TARGET, 66, 66, 0);
    }

    function _new() private pure returns (Service memory service) {}
}
