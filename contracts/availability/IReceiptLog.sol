// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The committed log of one epoch.
struct Log {
    /// Root of the Merkle-sum tree of the receipts' leaves.
    bytes32 root;
    /// Sum of the leaves' units.
    uint64 units;
    /// Leaves.
    uint32 count;
    /// Samples to be re-run: 48, 24 or 12; 0 for a log without units.
    uint8 m;
    /// Whether the log was committed.
    bool exists;
}

/// @notice What an epoch is judged by, as its log fixed it; all zero without a log.
struct Measures {
    /// Units, leaves and samples, as in `Log`.
    uint64 units;
    uint32 count;
    uint8 m;
    /// Whether the log was committed.
    bool exists;
    /// Target of the promise that holds in the epoch, 1e9 = 100 %.
    uint32 target;
    /// First epoch of the tenure that holds in it.
    uint64 tenureStart;
}

/// @title Epoch logs
/// @notice A provider commits to everything it served in an epoch before anybody knows what will be looked at. The
/// commitment fixes the number of samples.
/// @dev Rules: docs/protocol.md section 5. Also the verifying contract of the receipts' EIP-712 domain.
interface IReceiptLog {
    /// @notice The log of an epoch was committed. `slots`: 24 shares of 10 bits, slot 0 lowest, sum 1023 (0 for an empty
    /// log); `cap` = capacity * L, the units that the promise covers.
    event LogCommitted(
        address indexed provider,
        bytes32 indexed modelId,
        uint64 indexed epoch,
        bytes32 root,
        uint32 count,
        uint64 units,
        uint256 slots,
        uint256 cap,
        uint8 m
    );

    /// @notice The caller is no provider's operator in this epoch.
    error ReceiptLogNotOperator(address have);
    /// @notice The caller's key was banned.
    error ReceiptLogBannedOperator(address have);
    /// @notice The provider promised nothing for this epoch.
    error ReceiptLogNoPromise(address provider, bytes32 modelId, uint64 epoch);
    /// @notice The log can be committed from `from` until before `until` (Unix seconds).
    error ReceiptLogWrongTime(uint256 have, uint256 from, uint256 until);
    /// @notice The log of this epoch was committed.
    error ReceiptLogCommitted(address provider, bytes32 modelId, uint64 epoch);
    /// @notice More units than the promised capacity covers.
    error ReceiptLogOverCapacity(uint256 have, uint256 limit);
    /// @notice Root, count, units and slots do not fit: an empty log has none of them, another log has all.
    error ReceiptLogInconsistent();

    /// @notice Commits the log of `epoch`. Caller: the provider's operator, within `logWindow` after the epoch.
    /// @param units Sum of all leaves, at most capacity * L.
    /// @param slots 24 shares of 10 bits, sum 1023: when the units were served.
    function commit(bytes32 modelId, uint64 epoch, bytes32 root, uint32 count, uint64 units, uint256 slots) external;

    /// @notice The log of an epoch; all zero if there is none.
    function log(address provider, bytes32 modelId, uint64 epoch) external view returns (Log memory);

    /// @notice What reports about an epoch are checked against: three of its measures, for those who read them often.
    function termsOf(address provider, bytes32 modelId, uint64 epoch)
        external
        view
        returns (bool exists, uint8 m, uint32 target);

    /// @notice What the settlement of an epoch goes by.
    function measuresOf(address provider, bytes32 modelId, uint64 epoch) external view returns (Measures memory);

    /// @notice EIP-712 domain separator of receipts.
    function domainSeparator() external view returns (bytes32);
}
