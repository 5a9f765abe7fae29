// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Record, RecordType} from "../types/Record.sol";

/// @title ReliabilityMath
/// @notice The reliability record: update, confidence bounds, score, and what they are worth in pay.
/// @dev Pure integers, rounding down; the order of operations is part of the protocol (docs/protocol.md section 7) and
/// equals the TypeScript twin bit for bit. Counts are Q24 (one sample = 2^24), shares are scaled 1e9 = 100 %.
library ReliabilityMath {
    /// @notice The epoch is not after the last one that the word took; `need` is the first acceptable epoch.
    error ReliabilityMathEpochNotLater(uint256 have, uint256 need);
    /// @notice The epoch does not fit 24 bits; `need` is the largest that does.
    error ReliabilityMathEpochTooLate(uint256 have, uint256 need);
    /// @notice More good samples than samples; `need` is the largest acceptable number.
    error ReliabilityMathGoodAboveTotal(uint256 have, uint256 need);
    /// @notice More samples than one update may add; `need` is the largest acceptable number.
    error ReliabilityMathTooManySamples(uint256 have, uint256 need);

    /// @notice 100 %.
    uint256 internal constant SCALE = 1e9;
    /// @notice One sample in Q24.
    uint256 internal constant ONE = 1 << 24;
    /// @notice Most samples that one update may add.
    uint256 internal constant MAX_SAMPLES = 65_535;

    // z = 2.576 and z^2 in Q24.
    uint256 private constant Z = 43_218_109;
    uint256 private constant Z2 = 111_329_847;
    // A new word: 18 good of 20, worth less than one full epoch of probes.
    uint256 private constant PRIOR_GOOD = 18 * ONE;
    uint256 private constant PRIOR_TOTAL = 20 * ONE;
    // The share of the long memory in `mean`.
    uint256 private constant MEAN_PRIOR = 40 * ONE;
    // ln(1e4): once in ten thousand by chance.
    uint256 private constant ALARM = 154_523_870;
    uint256 private constant CUSUM_MAX = type(uint40).max;
    uint256 private constant MAX_BAD = 100 * ONE;

    // Per-epoch decay in Q32: 2^(-1/30), 2^(-1/3), 2^(-1/90), 2^(-1/10).
    uint256 private constant DECAY_30 = 4_196_870_107;
    uint256 private constant DECAY_3 = 3_408_917_802;
    uint256 private constant DECAY_90 = 4_262_016_076;
    uint256 private constant DECAY_10 = 4_007_346_185;

    // Eight rungs of 32 bits, rung 0 lowest. A rung is the accepted failure rate q0 (in 1e-3: 0.1 % to 20 %), and q1 =
    // min(4 q0, 60 %) the rate against which it is tested. RUNG_UP = ln(q1/q0), RUNG_DOWN = ln((1-q0)/(1-q1)), Q24.
    uint256 private constant RUNGS = 8;
    uint256 private constant RUNG_RATE = 1 | (2 << 32) | (5 << 64) | (10 << 96) | (20 << 128) | (50 << 160)
        | (100 << 192) | (200 << 224);
    uint256 private constant RUNG_UP = 23_258_160 | (23_258_160 << 32) | (23_258_160 << 64) | (23_258_160 << 96)
        | (23_258_160 << 128) | (23_258_160 << 160) | (23_258_160 << 192) | (18_431_656 << 224);
    uint256 private constant RUNG_DOWN = 50_458 | (101_169 << 32) | (254_849 << 64) | (516_263 << 96)
        | (1_059_966 << 128) | (2_883_169 << 160) | (6_802_576 << 192) | (11_629_080 << 224);

    // Tenure starts at a quarter; pay falls from full at 1 % unreliability to nothing at 6 %.
    uint256 private constant TENURE_FLOOR = 250_000_000;
    uint256 private constant PAID_FROM = 940_000_000;
    uint256 private constant PAID_FULL = 990_000_000;

    /// @dev Unpacked counts, so that the steps of `update` fit the stack.
    struct Counts {
        uint256 slowGood;
        uint256 slowTotal;
        uint256 fastGood;
        uint256 fastTotal;
        uint256 cusum;
    }

    /// @notice Takes one epoch's samples into a word.
    /// @dev Change detection against the stored rate, decay by the gap in epochs, addition, and on an alarm a shortened
    /// memory. `total` 0 only decays.
    /// @param word The word before; zero for a new one, whose first update decays by one epoch.
    /// @param epoch The epoch of the samples: after the word's last, below 2^24.
    /// @param good Good samples, at most `total`.
    /// @param total All samples, at most `MAX_SAMPLES`.
    /// @param slowSpeed Half-lives of 90 and 10 epochs if true, of 30 and 3 if false.
    /// @return The word after.
    /// @return alarm Whether the change detector fired.
    function update(Record word, uint256 epoch, uint256 good, uint256 total, bool slowSpeed)
        internal
        pure
        returns (Record, bool alarm)
    {
        uint256 gap = _gap(word, epoch);
        if (good > total) revert ReliabilityMathGoodAboveTotal(good, total);
        if (total > MAX_SAMPLES) revert ReliabilityMathTooManySamples(total, MAX_SAMPLES);

        Counts memory counts = _unpack(word);
        counts.cusum = _cusum(counts, good, total - good);
        _decay(counts, gap, slowSpeed);
        counts.slowGood += good * ONE;
        counts.slowTotal += total * ONE;
        counts.fastGood += good * ONE;
        counts.fastTotal += total * ONE;

        alarm = counts.cusum >= ALARM;
        if (alarm) _forget(counts);
        _capBad(counts);
        return (_pack(counts, epoch), alarm);
    }

    /// @notice Lower confidence bound of the word's rate, 1e9 = 100 %.
    /// @dev The lower Wilson bound of the slow counts, but never above the upper one of the fast counts: a recent fall
    /// shows at once.
    function lowerBound(Record word) internal pure returns (uint256 bound) {
        Counts memory counts = _read(word);
        bound = _wilsonLow(counts.slowGood, counts.slowTotal);
        if (counts.fastTotal > 0) bound = Math.min(bound, _wilsonHigh(counts.fastGood, counts.fastTotal));
    }

    /// @notice Upper confidence bound of the word's rate, 1e9 = 100 %; a word without samples has nothing against it.
    function upperBound(Record word) internal pure returns (uint256) {
        uint256 total = word.slowTotal();
        return total == 0 ? SCALE : _wilsonHigh(word.slowGood(), total);
    }

    /// @notice Best estimate of the word's present rate, 1e9 = 100 %: the fast counts over a prior of forty samples at
    /// the slow rate.
    function mean(Record word) internal pure returns (uint256) {
        Counts memory counts = _read(word);
        return (MEAN_PRIOR * counts.slowGood / counts.slowTotal + counts.fastGood) * SCALE
            / (MEAN_PRIOR + counts.fastTotal);
    }

    /// @notice Shortens the memory of a word to at most `samples` at either speed, keeping its rates and its CUSUM.
    /// @dev Applied when the owner or the operator changes. A new word stays new.
    function capSamples(Record word, uint256 samples) internal pure returns (Record) {
        if (word.isNew()) return word;
        uint256 most = samples * ONE;
        Counts memory counts = _unpack(word);
        if (counts.slowTotal > most) {
            counts.slowGood = counts.slowGood * most / counts.slowTotal;
            counts.slowTotal = most;
        }
        if (counts.fastTotal > most) {
            counts.fastGood = counts.fastGood * most / counts.fastTotal;
            counts.fastTotal = most;
        }
        return _pack(counts, word.lastEpoch());
    }

    /// @notice The score of a provider for a model, 1e9 = 100 %: `min(lowerBound(t), upperBound(p)) * lowerBound(c)`.
    /// @param t Timely, speed 30/3.
    /// @param p Timely at peak, speed 30/3.
    /// @param c Correct, speed 90/10.
    function score(Record t, Record p, Record c) internal pure returns (uint256) {
        return Math.min(lowerBound(t), upperBound(p)) * lowerBound(c) / SCALE;
    }

    /// @notice Share of pay that a score earns, 1e9 = 100 %: all at 99 % and above, nothing at 94 % and below, straight
    /// between.
    /// @param score_ As `score` returns it.
    function quality(uint256 score_) internal pure returns (uint256) {
        if (score_ <= PAID_FROM) return 0;
        return score_ >= PAID_FULL ? SCALE : (score_ - PAID_FROM) * SCALE / (PAID_FULL - PAID_FROM);
    }

    /// @notice Share of pay that age earns, 1e9 = 100 %: `max(25 %, 1 - 2^(-age/30))`.
    /// @param ageEpochs Epochs since tenure began.
    function tenure(uint256 ageEpochs) internal pure returns (uint256) {
        return Math.max(TENURE_FLOOR, (((1 << 32) - _power(DECAY_30, ageEpochs)) * SCALE) >> 32);
    }

    /// @notice Weight of a record in an epoch's budget: quality * tenure * bonded * min(1, stake / totalBonded).
    /// @dev Rounds down twice; the unit is that of `bonded`. docs/protocol.md section 8, "Pay".
    /// @param score_ As `score` returns it.
    /// @param age Epochs since tenure began.
    /// @param bonded Stake bound by this promise, in the asset's smallest unit.
    /// @param stake All stake that can be slashed for the provider's promises.
    /// @param totalBonded Stake bound by all promises of the provider.
    function payWeight(uint256 score_, uint256 age, uint256 bonded, uint256 stake, uint256 totalBonded)
        internal
        pure
        returns (uint256 weight)
    {
        weight = Math.mulDiv(bonded, quality(score_) * tenure(age), SCALE * SCALE);
        if (stake < totalBonded) weight = Math.mulDiv(weight, stake, totalBonded);
    }

    /// @dev Epochs by which the stored counts are older than `epoch`.
    function _gap(Record word, uint256 epoch) private pure returns (uint256) {
        if (epoch > type(uint24).max) revert ReliabilityMathEpochTooLate(epoch, type(uint24).max);
        if (word.isNew()) return 1;
        uint256 last = word.lastEpoch();
        if (epoch <= last) revert ReliabilityMathEpochNotLater(epoch, last + 1);
        return epoch - last;
    }

    /// @dev The counts of a word, or the prior of a new one.
    function _unpack(Record word) private pure returns (Counts memory) {
        if (word.isNew()) return Counts(PRIOR_GOOD, PRIOR_TOTAL, 0, 0, 0);
        return Counts(word.slowGood(), word.slowTotal(), word.fastGood(), word.fastTotal(), word.cusum());
    }

    /// @dev The counts that reads go by: a word that is new, or decayed to nothing, reads as the prior.
    function _read(Record word) private pure returns (Counts memory counts) {
        counts = _unpack(word);
        if (counts.slowTotal == 0) (counts.slowGood, counts.slowTotal) = (PRIOR_GOOD, PRIOR_TOTAL);
    }

    function _pack(Counts memory counts, uint256 epoch) private pure returns (Record) {
        return RecordType.pack(
            counts.slowGood, counts.slowTotal, counts.fastGood, counts.fastTotal, counts.cusum, epoch
        );
    }

    /// @dev The change detector after the samples, on the rung of the counts as stored, before they decay.
    function _cusum(Counts memory counts, uint256 good, uint256 bad) private pure returns (uint256) {
        uint256 slowBad = counts.slowTotal - counts.slowGood;
        for (uint256 rung = 0; rung < RUNGS; ++rung) {
            if (slowBad * 1000 > counts.slowTotal * _lane(RUNG_RATE, rung)) continue;
            uint256 up = counts.cusum + bad * _lane(RUNG_UP, rung);
            uint256 down = good * _lane(RUNG_DOWN, rung);
            return up > down ? Math.min(up - down, CUSUM_MAX) : 0;
        }
        return 0; // worse than the last rung: the rate is beyond what a change could be told from
    }

    function _decay(Counts memory counts, uint256 gap, bool slowSpeed) private pure {
        uint256 slow = _power(slowSpeed ? DECAY_90 : DECAY_30, gap);
        uint256 fast = _power(slowSpeed ? DECAY_10 : DECAY_3, gap);
        counts.slowGood = (counts.slowGood * slow) >> 32;
        counts.slowTotal = (counts.slowTotal * slow) >> 32;
        counts.fastGood = (counts.fastGood * fast) >> 32;
        counts.fastTotal = (counts.fastTotal * fast) >> 32;
    }

    /// @dev After an alarm the slow memory keeps its bad samples and shortens until its rate is the recent one.
    function _forget(Counts memory counts) private pure {
        counts.cusum = 0;
        uint256 recent = counts.fastTotal;
        uint256 recentBad = recent - counts.fastGood;
        if (recentBad == 0 || counts.slowGood * recent <= counts.fastGood * counts.slowTotal) return;
        uint256 bad = counts.slowTotal - counts.slowGood;
        counts.slowTotal = bad * recent / recentBad;
        counts.slowGood = counts.slowTotal - bad;
    }

    /// @dev A memory of at most a hundred bad samples, at the same rate, so that recovery takes finite time.
    function _capBad(Counts memory counts) private pure {
        uint256 bad = counts.slowTotal - counts.slowGood;
        if (bad <= MAX_BAD) return;
        counts.slowTotal = counts.slowTotal * MAX_BAD / bad;
        counts.slowGood = counts.slowTotal - MAX_BAD;
    }

    function _wilsonLow(uint256 good, uint256 total) private pure returns (uint256) {
        uint256 center = good + Z2 / 2;
        uint256 radius = _wilsonRadius(good, total);
        return center > radius ? (center - radius) * SCALE / (total + Z2) : 0;
    }

    function _wilsonHigh(uint256 good, uint256 total) private pure returns (uint256) {
        return Math.min(SCALE, (good + Z2 / 2 + _wilsonRadius(good, total)) * SCALE / (total + Z2));
    }

    function _wilsonRadius(uint256 good, uint256 total) private pure returns (uint256) {
        return (Z * Math.sqrt(good * (total - good) / total * ONE + Z2 * ONE / 4)) >> 24;
    }

    /// @dev `base ** exponent` of a Q32 number, by squaring, rounding down at every step.
    function _power(uint256 base, uint256 exponent) private pure returns (uint256 result) {
        result = 1 << 32;
        while (exponent > 0) {
            if (exponent & 1 == 1) result = (result * base) >> 32;
            base = (base * base) >> 32;
            exponent >>= 1;
        }
    }

    function _lane(uint256 lanes, uint256 index) private pure returns (uint256) {
        return (lanes >> (32 * index)) & type(uint32).max;
    }
}
