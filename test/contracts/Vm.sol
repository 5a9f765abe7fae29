// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The cheatcodes these tests use, answered by the test runner at a fixed address.
interface Vm {
    struct Log { bytes32[] topics; bytes data; address emitter; }
    function prank(address) external;
    function startPrank(address) external;
    function stopPrank() external;
    function warp(uint256) external;
    function roll(uint256) external;
    function deal(address, uint256) external;
    function assume(bool) external pure;
    function expectRevert() external;
    function expectRevert(bytes4) external;
    function expectRevert(bytes calldata) external;
    function expectEmit() external;
    function expectEmit(bool, bool, bool, bool, address) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function addr(uint256) external pure returns (address);
    function getNonce(address) external view returns (uint64);
    function computeCreateAddress(address, uint256) external pure returns (address);
    function sign(uint256, bytes32) external pure returns (uint8, bytes32, bytes32);
    function store(address, bytes32, bytes32) external;
    function load(address, bytes32) external view returns (bytes32);
    function label(address, string calldata) external;
    function snapshotState() external returns (uint256);
    function snapshotGasLastCall(string calldata, string calldata) external returns (uint256);
    function revertToState(uint256) external returns (bool);
    function etch(address, bytes calldata) external;
    function mockCall(address, bytes calldata, bytes calldata) external;
    function mockCallRevert(address, bytes calldata, bytes calldata) external;
    function assertEq(uint256, uint256) external pure;
    function assertEq(uint256, uint256, string calldata) external pure;
    function assertEq(bytes32, bytes32) external pure;
    function assertEq(address, address) external pure;
    function assertEq(bool, bool) external pure;
    function assertTrue(bool) external pure;
    function assertFalse(bool) external pure;
    function assertLe(uint256, uint256) external pure;
    function assertLt(uint256, uint256) external pure;
    function assertGe(uint256, uint256) external pure;
    function assertApproxEqAbs(uint256, uint256, uint256) external pure;
    function readFile(string calldata) external view returns (string memory);
    function bound(uint256, uint256, uint256) external view returns (uint256);
    function getBlockTimestamp() external view returns (uint256);
    function setBlockhash(uint256, bytes32) external;
    function parseJsonUint(string calldata, string calldata) external pure returns (uint256);
    function ffi(string[] calldata) external returns (bytes memory);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
