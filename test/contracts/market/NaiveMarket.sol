// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The rules again
/// @notice Seats, samples, sampling depth and findings of an epoch, written a second time from docs/protocol.md sections 3, 5
/// and 6, the plainest way there is and without the libraries that the contracts use.
library NaiveMarket {
    struct Place {
        address verifier;
        uint64 from;
        uint64 until;
    }

    /// @notice What a draw of seats is about.
    struct Draw {
        bytes32 seed;
        address provider;
        bytes32 modelId;
        uint64 epoch;
        uint8 role;
        address owner;
    }

    /// @notice What the reports of each kind say.
    struct Finding {
        bool probed;
        uint256 probes;
        uint256 timely;
        uint256 peakProbes;
        uint256 peakTimely;
        uint256 atCapacity;
        bool rerun;
        uint256 matches;
        uint256 mismatches;
        uint256 undecided;
        bool panelFailed;
    }

    /// @notice The first `count` seats among the first `length` places.
    function seats(Place[] storage places, uint256 length, uint256 count, Draw memory draw)
        internal
        view
        returns (address[9] memory seated)
    {
        if (length == 0) return seated;
        for (uint256 s = 0; s < count; ++s) {
            for (uint256 n = 0; n < 32 && seated[s] == address(0); ++n) {
                Place memory place = places[_try(draw, s, n) % length];
                bool free = place.from <= draw.epoch && draw.epoch < place.until && place.verifier != draw.owner;
                for (uint256 lower = 0; lower < s; ++lower) free = free && seated[lower] != place.verifier;
                if (free) seated[s] = place.verifier;
            }
        }
    }

    function _try(Draw memory d, uint256 s, uint256 n) private pure returns (uint256) {
        return uint256(
            keccak256(
                abi.encode("surety.seat", d.seed, d.provider, d.modelId, d.epoch, d.role, uint8(s), uint8(n))
            )
        );
    }

    /// @notice How many different units the set bits of `samples` hit.
    function distinct(bytes32 seed, address provider, bytes32 modelId, uint64 epoch, uint256 units, uint256 samples)
        internal
        pure
        returns (uint256 count)
    {
        uint256[] memory hit = new uint256[](48);
        for (uint256 j = 0; j < 48; ++j) {
            if ((samples >> j) % 2 == 0) continue;
            uint256 unit = uint256(keccak256(abi.encode("surety.sample", seed, provider, modelId, epoch, j))) % units;
            bool seen = false;
            for (uint256 i = 0; i < count; ++i) seen = seen || hit[i] == unit;
            if (!seen) hit[count++] = unit;
        }
    }

    /// @notice Samples of a log.
    function depth(uint256 settled, uint256 cusum, bool recheck) internal pure returns (uint256) {
        if (recheck || settled < 7 || cusum > 4 << 24) return 48;
        return settled < 30 || cusum > 3 << 23 ? 24 : 12;
    }

    /// @notice Probes of a promise's tier.
    function tier(uint256 target) internal pure returns (uint256) {
        return target > 995e6 ? 192 : target > 990e6 ? 64 : 32;
    }

    /// @notice Adds the probe reports that are neither the best nor the worst where there are more than three. One without
    /// probes is an abstention.
    function probes(uint256[9] memory reports, bool[9] memory shown, Finding memory found) internal pure {
        bool[9] memory judged;
        for (uint256 s = 0; s < 9; ++s) judged[s] = shown[s] && field(reports[s], 0) > 0;
        uint256 count = _count(judged);
        if (count < 3) return;
        found.probed = true;
        for (uint256 s = 0; s < 9; ++s) {
            if (!judged[s]) continue;
            uint256 rank = 0;
            for (uint256 o = 0; o < 9; ++o) if (judged[o] && o != s && _before(reports, o, s)) ++rank;
            if (count > 3 && (rank == 0 || rank == count - 1)) continue;
            found.probes += field(reports[s], 0);
            found.timely += field(reports[s], 1);
            found.peakProbes += field(reports[s], 3);
            found.peakTimely += field(reports[s], 4);
            found.atCapacity += field(reports[s], 5);
        }
    }

    /// @notice Counts verdicts sample by sample, if there are `quorum` reports.
    function reruns(
        uint256[9] memory reports,
        bool[9] memory shown,
        uint256 quorum,
        uint256 m,
        Finding memory found
    ) internal pure {
        uint256 count = _count(shown);
        if (count < quorum) return;
        found.rerun = true;
        for (uint256 j = 0; j < m; ++j) {
            (uint256 good, uint256 bad) = _votes(reports, shown, j);
            if (2 * good > count) ++found.matches;
            else if (2 * bad > count) found.mismatches |= 1 << j;
            else ++found.undecided;
        }
        uint256 failed = 0;
        for (uint256 s = 0; s < 9; ++s) if (shown[s] && reports[s] / 2 ** 104 == 2) ++failed;
        found.panelFailed = 2 * failed > count;
    }

    function _votes(uint256[9] memory reports, bool[9] memory shown, uint256 j)
        private
        pure
        returns (uint256 good, uint256 bad)
    {
        for (uint256 s = 0; s < 9; ++s) {
            if (!shown[s]) continue;
            uint256 verdict = (reports[s] / 2 ** (8 + 2 * j)) % 4;
            if (verdict == 0) ++good;
            if (verdict == 2) ++bad;
        }
    }

    /// @notice Field `i` of a probe report.
    function field(uint256 report, uint256 i) internal pure returns (uint256) {
        return (report / 2 ** (16 * i)) % 2 ** 16;
    }

    function _before(uint256[9] memory reports, uint256 a, uint256 b) private pure returns (bool) {
        uint256 left = field(reports[a], 1) * field(reports[b], 0);
        uint256 right = field(reports[b], 1) * field(reports[a], 0);
        return left < right || (left == right && a < b);
    }

    function _count(bool[9] memory shown) private pure returns (uint256 count) {
        for (uint256 s = 0; s < 9; ++s) if (shown[s]) ++count;
    }
}
