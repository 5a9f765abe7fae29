// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Closable} from "../access/Closable.sol";
import {Times} from "../epoch/IEpochClock.sol";
import {Seats} from "../libraries/Seats.sol";
import {IVerifierRegistry} from "../registry/IVerifierRegistry.sol";
import {IRewardDistributor} from "../rewards/IRewardDistributor.sol";
import {IStakePool} from "../stake/IStakePool.sol";
import {Evidence} from "./Evidence.sol";
import {IAttendance} from "./IAttendance.sol";
import {IJuries, Jury} from "./IJuries.sol";

/// @title Missed duties
/// @notice See IAttendance.
contract Attendance is IAttendance, Evidence, Closable {
    uint256 private constant WAD = 1e18;
    /// @dev Shares of stake, 1e18 = 100 %: least, and what hiding one's own outputs costs.
    uint256 private constant LEAST = 0.01e18;
    uint256 private constant MOST = 0.05e18;
    uint256 private constant PAY_EPOCHS = 10;
    /// @dev Three epochs with misses among this many in a row eject for as many.
    uint256 private constant SPAN = 30;

    IStakePool private immutable _pool;
    IVerifierRegistry private immutable _verifiers;
    IRewardDistributor private immutable _rewards;
    IJuries private immutable _juries;

    /// @dev Bit i of word w: epoch 256 w + i - (SPAN - 1), so that no window of epochs begins below 0.
    mapping(address verifier => mapping(uint256 word => uint256)) private _missed;

    /// @param authority Access manager: a pause of commitments pauses this room too, until those epochs cannot be disputed.
    /// @param sources The contracts below. Grants needed: `Penalties.punish`, `VerifierRegistry.eject`.
    /// @param pool Holds the stake. @param verifiers Tickets. @param rewards What verifiers earn. @param juries Juries.
    constructor(
        address authority,
        Sources memory sources,
        IStakePool pool,
        IVerifierRegistry verifiers,
        IRewardDistributor rewards,
        IJuries juries
    ) AccessManaged(authority) Evidence(sources) {
        _pool = pool;
        _verifiers = verifiers;
        _rewards = rewards;
        _juries = juries;
    }

    /// @inheritdoc IAttendance
    function noteSeat(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat)
        external
        whileOpen
        returns (uint256 taken)
    {
        _requireDuty(provider, modelId, epoch, role);
        _requireDisputable(provider, modelId, epoch);
        address verifier = _holder(_hub.seatsOf(provider, modelId, epoch, role), role, seat);
        (bool revealed,) = _hub.reportOf(provider, modelId, epoch, role, seat);
        if (revealed) revert AttendanceRevealed(role, seat);
        return _note(verifier, epoch);
    }

    /// @inheritdoc IAttendance
    function noteJuror(bytes32 id, uint8 seat) external whileOpen returns (uint256 taken) {
        Jury memory jury = _juries.juryOf(id);
        if (jury.start == 0) revert AttendanceNoDuty(Seats.ROLE_JURY);
        _requireFrom(jury.revealEnd);
        _requireBefore(jury.revealEnd + _clock.windows(jury.epoch).disputeWindow);
        _requireSeed(jury.epoch, jury.start);
        address juror = _holder(_juries.seatsOf(id), Seats.ROLE_JURY, seat);
        if (_juries.hasRevealed(id, juror)) revert AttendanceRevealed(Seats.ROLE_JURY, seat);
        return _note(juror, jury.epoch);
    }

    /// @dev The time to reveal is over, there was something to do, and who was drawn knew of it in time.
    function _requireDuty(address provider, bytes32 modelId, uint64 epoch, uint8 role) private view {
        Times memory times = _clock.times(epoch);
        _requireFrom(role == Seats.ROLE_REDRAW ? times.redrawEnd : times.revealEnd);
        (bool promised,,) = _book.commitmentAt(provider, modelId, epoch);
        if (!promised || role > Seats.ROLE_REDRAW) revert AttendanceNoDuty(role);
        if (role == Seats.ROLE_PROBE) return _requireSeed(epoch < 2 ? 0 : epoch - 2, times.start);
        if (_log.log(provider, modelId, epoch).m == 0) revert AttendanceNoDuty(role);
        _requireSeed(epoch, times.openEnd);
        bool isRedraw = role == Seats.ROLE_REDRAW;
        if (isRedraw && !_hub.needsRedraw(provider, modelId, epoch)) revert AttendanceNoDuty(role);
    }

    function _requireSeed(uint64 epoch, uint256 end) private view {
        (bytes32 seed, uint64 drawnAt) = _beacon.seedOf(epoch);
        if (seed == 0) revert EvidenceNoSeed(epoch);
        if (drawnAt > end) revert AttendanceLateSeed(drawnAt, end);
    }

    function _holder(address[] memory seats, uint8 role, uint8 seat) private pure returns (address holder) {
        if (seat < seats.length) holder = seats[seat];
        if (holder == address(0)) revert AttendanceEmptySeat(role, seat);
    }

    function _note(address verifier, uint64 epoch) private returns (uint256 taken) {
        if (isNoted(verifier, epoch)) revert AttendanceNoted(verifier, epoch);
        (uint256 word, uint256 bit) = _place(epoch);
        _missed[verifier][word] |= 1 << bit;
        bool ejects = _ejects(verifier, epoch);
        taken = _penalties.punish(verifier, _price(verifier, epoch), "missed duty", msg.sender, address(0), 0);
        if (ejects) _verifiers.eject(verifier, uint64(SPAN));
        emit Missed(verifier, epoch, msg.sender, ejects, taken);
    }

    /// @dev The larger of 1 % and what as many tickets as its stake could buy earn in ten epochs, as a share of its stake.
    function _price(address verifier, uint64 epoch) private view returns (uint256) {
        uint256 slashable = _pool.slashableNow(verifier);
        uint256 places = _verifiers.lengthAt(epoch - 2);
        if (slashable == 0 || places == 0) return LEAST;
        uint256 tickets = Math.min(_pool.stakeAt(verifier, epoch) / _verifiers.ticketSize(), places);
        (, uint256 budget,,) = _rewards.partsOf(epoch);
        uint256 pay = Math.mulDiv(PAY_EPOCHS * budget, tickets, places);
        return Math.max(LEAST, Math.min(MOST, Math.mulDiv(pay, WAD, slashable)));
    }

    /// @dev Whether some `SPAN` epochs in a row that hold `epoch` hold three misses.
    function _ejects(address verifier, uint64 epoch) private view returns (bool) {
        // Bit i: epoch - (SPAN - 1) + i.
        uint256 around = _missed[verifier][uint256(epoch) >> 8] >> (epoch & 255);
        if (epoch & 255 != 0) around |= _missed[verifier][(uint256(epoch) >> 8) + 1] << (256 - (epoch & 255));
        for (uint256 first = 0; first < SPAN; ++first) {
            uint256 misses = (around >> first) & ((1 << SPAN) - 1);
            misses &= misses - 1; // never 0 before: `epoch` itself is in every window
            if (misses != 0 && misses & (misses - 1) != 0) return true;
        }
        return false;
    }

    /// @inheritdoc IAttendance
    function isNoted(address verifier, uint64 epoch) public view returns (bool) {
        (uint256 word, uint256 bit) = _place(epoch);
        return _missed[verifier][word] & (1 << bit) != 0;
    }

    function _place(uint64 epoch) private pure returns (uint256 word, uint256 bit) {
        uint256 place = uint256(epoch) + SPAN - 1;
        return (place >> 8, place & 255);
    }
}
