// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title DemandProfile
/// @notice When a model's demand arrives, over the 24 slots of an epoch, from the logs of all its providers.
/// @dev docs/protocol.md section 5, "Demand profile". No contract stores a profile: it is a pure function of
/// `LogCommitted` events, and verifiers compute it off-chain with the twin of this library.
library DemandProfile {
    /// @notice The shares do not add to 1023.
    error DemandProfileSumWrong(uint256 have, uint256 need);
    /// @notice Bits beyond 24 shares of 10; `have` is those bits, shifted down.
    error DemandProfileStrayBits(uint256 have, uint256 need);

    /// @notice Slots of an epoch.
    uint256 internal constant SLOTS = 24;
    /// @notice What the shares of a log add to.
    uint256 internal constant SHARES = 1023;

    // 65536 * (6/7)^k for the log of epoch e - 3 - k, 32 bits each, k = 0 lowest.
    uint256 private constant DAYS = 7;
    uint256 private constant DAY_WEIGHTS = 65_536 | (56_173 << 32) | (48_148 << 64) | (41_270 << 96)
        | (35_374 << 128) | (30_321 << 160) | (25_989 << 192);
    /// @dev The shares of slots 0, 2, 4 and so on.
    uint256 private constant EVEN_SHARES = 0x3ff003ff003ff003ff003ff003ff003ff003ff003ff003ff003ff003ff;
    uint256 private constant NEWEST = 3;
    uint256 private constant OWNERS = 3;
    uint256 private constant PEAK_SLOTS = 5;

    /// @notice What the profile reads of one committed log.
    /// @param epoch Epoch of the log.
    /// @param owner Owner of the provider in that epoch.
    /// @param slots Shares, as `checkSlots` accepts them; 0 for a log without units.
    /// @param units Units served.
    /// @param cap Units that the bonded capacity covers; no more of them count.
    struct Log {
        uint64 epoch;
        address owner;
        uint256 slots;
        uint256 units;
        uint256 cap;
    }

    /// @notice A profile: slot k has weights[k] / total of the demand.
    /// @param weights Weight per slot.
    /// @param total Sum of the weights.
    /// @param peak Bit k set for the five heaviest slots, ties to the lower slot; 0 if flat.
    /// @param flat Fewer than three owners, or no demand: every slot weighs 1.
    struct Profile {
        uint256[SLOTS] weights;
        uint256 total;
        uint256 peak;
        bool flat;
    }

    /// @notice The profile of an epoch: seven eighths from the logs of e-9 to e-3, recent ones heavier, one eighth flat.
    /// @param logs Logs of one model; others than of those epochs are passed over.
    /// @param epoch The epoch e.
    function profile(Log[] memory logs, uint64 epoch) internal pure returns (Profile memory result) {
        (uint256[SLOTS] memory demand, uint256 sum, bool enough) = _demand(logs, epoch);
        if (!enough || sum == 0) {
            for (uint256 k = 0; k < SLOTS; ++k) {
                result.weights[k] = 1;
            }
            result.total = SLOTS;
            result.flat = true;
            return result;
        }
        for (uint256 k = 0; k < SLOTS; ++k) {
            result.weights[k] = 168 * demand[k] + sum; // 7/8 A/sum + 1/8 1/24, times 192 sum
        }
        result.total = 192 * sum;
        result.peak = _peak(demand);
    }

    /// @notice Share of slot `k`, of 1023.
    /// @param slots Packed shares, slot 0 in the lowest bits.
    /// @param k Slot, 0 to 23.
    function share(uint256 slots, uint256 k) internal pure returns (uint256) {
        return (slots >> (10 * k)) & 1023;
    }

    /// @notice Reverts unless `slots` is 24 shares of 10 bits that add to 1023.
    function checkSlots(uint256 slots) internal pure {
        if (slots >> 240 != 0) revert DemandProfileStrayBits(slots >> 240, 0);
        // Every second share beside the other: twelve lanes of 20 bits. Their sum is less than 2^20 - 1, and 2^20 is 1 modulo
        // that, so it is the remainder.
        uint256 sum = ((slots & EVEN_SHARES) + ((slots >> 10) & EVEN_SHARES)) % ((1 << 20) - 1);
        if (sum != SHARES) revert DemandProfileSumWrong(sum, SHARES);
    }

    /// @dev Weighted demand per slot, its sum, and whether three owners stand behind it.
    function _demand(Log[] memory logs, uint256 epoch)
        private
        pure
        returns (uint256[SLOTS] memory demand, uint256 sum, bool enough)
    {
        address[OWNERS] memory owners;
        uint256 distinct = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            Log memory log = logs[i];
            uint256 served = log.units < log.cap ? log.units : log.cap;
            uint256 first = uint256(log.epoch) + NEWEST;
            if (first > epoch || epoch - first >= DAYS || served == 0 || log.slots == 0) continue;
            if (distinct < OWNERS && !_among(owners, distinct, log.owner)) owners[distinct++] = log.owner;
            uint256 weight = ((DAY_WEIGHTS >> (32 * (epoch - first))) & type(uint32).max) * served;
            for (uint256 k = 0; k < SLOTS; ++k) {
                uint256 added = weight * share(log.slots, k);
                demand[k] += added;
                sum += added;
            }
        }
        enough = distinct == OWNERS;
    }

    function _among(address[OWNERS] memory owners, uint256 count, address owner) private pure returns (bool) {
        for (uint256 i = 0; i < count; ++i) {
            if (owners[i] == owner) return true;
        }
        return false;
    }

    function _peak(uint256[SLOTS] memory demand) private pure returns (uint256 peak) {
        for (uint256 i = 0; i < PEAK_SLOTS; ++i) {
            uint256 best = SLOTS;
            for (uint256 k = 0; k < SLOTS; ++k) {
                if (peak & (1 << k) != 0) continue;
                if (best == SLOTS || demand[k] > demand[best]) best = k;
            }
            peak |= 1 << best;
        }
    }
}
