// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bls} from "../../../contracts/libraries/Bls.sol";
import {vm} from "../Vm.sol";

contract BlsTest {
    address private constant MAP_TO_G1 = address(0x10);

    /// @notice Where there are no BLS precompiles, a call of one succeeds and returns nothing.
    /// hardhat-config: evmVersion = "Cancun"
    function test_ChainWithoutPrecompiles() public {
        vm.expectRevert(abi.encodeWithSelector(Bls.BlsNoPrecompile.selector, MAP_TO_G1));
        this.hash();
    }

    function test_ChainWithPrecompiles() public view {
        vm.assertEq(this.hash().length, 128);
    }

    function hash() external view returns (bytes memory) {
        return Bls.hashToG1("message", "domain");
    }
}
