// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Record, RecordType} from "../types/Record.sol";
import {Cusum} from "./Cusum.sol";
import {Decay} from "./Decay.sol";
import {Wilson} from "./Wilson.sol";

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
    uint256 private constant MAX_BAD = 100 * ONE;

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
        // On the rung of the counts as stored, before they decay.
        uint256 rung = Cusum.rungOf(counts.slowTotal - counts.slowGood, counts.slowTotal);
        counts.cusum = Cusum.step(counts.cusum, rung, good, total - good);
        _decay(counts, gap, slowSpeed);
        counts.slowGood += good * ONE;
        counts.slowTotal += total * ONE;
        counts.fastGood += good * ONE;
        counts.fastTotal += total * ONE;

        alarm = counts.cusum >= Cusum.ALARM;
        if (alarm) _forget(counts);
        _capBad(counts);
        return (_pack(counts, epoch), alarm);
    }

    /// @notice Lower confidence bound of the word's rate, 1e9 = 100 %.
    /// @dev The lower Wilson bound of the slow counts, but never above the upper one of the fast counts: a recent fall
    /// shows at once.
    function lowerBound(Record word) internal pure returns (uint256 bound) {
        Counts memory counts = _read(word);
        bound = Wilson.low(counts.slowGood, counts.slowTotal, Z, Z2);
        if (counts.fastTotal > 0) bound = Math.min(bound, Wilson.high(counts.fastGood, counts.fastTotal, Z, Z2));
    }

    /// @notice Upper confidence bound of the word's rate, 1e9 = 100 %; a word without samples has nothing against it.
    function upperBound(Record word) internal pure returns (uint256) {
        uint256 total = word.slowTotal();
        return total == 0 ? SCALE : Wilson.high(word.slowGood(), total, Z, Z2);
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
        return Math.max(TENURE_FLOOR, (((1 << 32) - Decay.power(Decay.HALF_LIFE_30, ageEpochs)) * SCALE) >> 32);
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

    function _decay(Counts memory counts, uint256 gap, bool slowSpeed) private pure {
        uint256 slow = Decay.power(slowSpeed ? Decay.HALF_LIFE_90 : Decay.HALF_LIFE_30, gap);
        uint256 fast = Decay.power(slowSpeed ? Decay.HALF_LIFE_10 : Decay.HALF_LIFE_3, gap);
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
}
