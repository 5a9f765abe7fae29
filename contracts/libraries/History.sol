// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title History
/// @notice A value by epoch, where nearly everybody asks for what was written last: that has a slot of its own, so that
/// reading it is one read of storage. All before it are checkpoints.
library History {
    using Checkpoints for Checkpoints.Trace208;

    /// @notice Values under the first epoch in which they hold; zero before the first.
    struct Trace {
        /// The newest value, and since when it holds.
        uint48 from;
        uint208 value;
        Checkpoints.Trace208 older;
    }

    /// @notice Writes what holds from epoch `key` on; what was written under the same key is replaced. Reverts if `key` lies
    /// before the newest.
    function push(Trace storage self, uint48 key, uint208 value) internal {
        (uint48 from, uint208 before) = (self.from, self.value);
        if (key < from) revert Checkpoints.CheckpointUnorderedInsertion();
        // Nothing under key 0 is what an empty history says of it.
        if (key > from && (from != 0 || before != 0)) self.older.push(from, before);
        (self.from, self.value) = (key, value);
    }

    /// @notice What holds in epoch `key`.
    function at(Trace storage self, uint48 key) internal view returns (uint208) {
        (uint48 from, uint208 value) = (self.from, self.value);
        return key >= from ? value : self.older.upperLookupRecent(key);
    }

    /// @notice What was written last.
    function latest(Trace storage self) internal view returns (uint208) {
        return self.value;
    }
}
