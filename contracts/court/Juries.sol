// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Rights} from "../access/Rights.sol";
import {IEpochClock} from "../epoch/IEpochClock.sol";
import {ISeedBeacon} from "../epoch/ISeedBeacon.sol";
import {Seats} from "../libraries/Seats.sol";
import {IVerifierRegistry} from "../registry/IVerifierRegistry.sol";
import {IAttestationHub} from "../verification/IAttestationHub.sol";
import {IJuries, Jury, Verdict} from "./IJuries.sol";

/// @title Juries
/// @notice See IJuries.
contract Juries is IJuries, Rights {
    enum Step {
        None,
        Committed,
        Revealed
    }

    struct Juror {
        bytes32 commitment;
        Step step;
    }

    uint256 private constant MOST_SEATS = 31;
    /// @dev Verifiers drawn beyond the jury's size, as many as a committee has seats: each of its members makes room for the
    /// next, so that a small network fills its juries too.
    uint256 private constant SPARE = 5;
    uint8 private constant ACQUIT = 1;
    uint8 private constant CONVICT = 2;

    IEpochClock private immutable _clock;
    ISeedBeacon private immutable _beacon;
    IVerifierRegistry private immutable _verifiers;
    IAttestationHub private immutable _hub;
    /// @inheritdoc IJuries
    uint256 public immutable size;
    /// @inheritdoc IJuries
    uint256 public immutable votes;

    mapping(bytes32 id => Jury) private _juries;
    mapping(bytes32 id => mapping(address juror => Juror)) private _jurors;

    /// @param authority The access manager that decides who may call a jury.
    /// @param clock Time. @param beacon Seeds. @param verifiers Who may be drawn. @param hub Who judged before.
    /// @param size_ Seats, at most 31.
    /// @param votes_ Votes that convict, at least 11/15 of the seats.
    constructor(
        address authority,
        IEpochClock clock,
        ISeedBeacon beacon,
        IVerifierRegistry verifiers,
        IAttestationHub hub,
        uint256 size_,
        uint256 votes_
    ) AccessManaged(authority) {
        if (size_ == 0 || size_ > MOST_SEATS || votes_ > size_ || votes_ * 15 < size_ * 11) {
            revert JuriesBadSize(size_, votes_);
        }
        _clock = clock;
        _beacon = beacon;
        _verifiers = verifiers;
        _hub = hub;
        size = size_;
        votes = votes_;
    }

    /// @inheritdoc IJuries
    function summon(bytes32 id, address provider, bytes32 modelId, uint64 caseEpoch) external alsoClosed {
        if (_juries[id].start != 0) revert JuriesCalled(id);
        uint64 epoch = _clock.current();
        uint64 start = _clock.times(epoch).openEnd;
        uint64 window = _clock.windows(epoch).juryWindow;
        Jury memory jury = Jury({
            provider: provider,
            epoch: epoch,
            convictions: 0,
            revealed: 0,
            acquittals: 0,
            modelId: modelId,
            caseEpoch: caseEpoch,
            start: start,
            commitEnd: start + window / 2,
            revealEnd: start + window
        });
        _juries[id] = jury;
        emit JuryCalled(id, provider, modelId, epoch, start, jury.commitEnd, jury.revealEnd);
    }

    /// @inheritdoc IJuries
    function commit(bytes32 id, uint8 seat, bytes32 commitment) external {
        Jury memory jury = _juries[id];
        _requireTime(jury.start, jury.commitEnd);
        if (commitment == 0) revert JuriesZeroCommitment();
        Juror storage juror = _jurors[id][msg.sender];
        if (juror.step != Step.None) revert JuriesCommitted(msg.sender);
        _requireSeat(jury, seat);
        _jurors[id][msg.sender] = Juror(commitment, Step.Committed);
        emit JurorCommitted(id, msg.sender, commitment);
    }

    /// @inheritdoc IJuries
    function reveal(bytes32 id, uint8 vote, bytes32 outputHash, bytes32 salt) external {
        Jury storage jury = _juries[id];
        _requireTime(jury.commitEnd, jury.revealEnd);
        if (vote > CONVICT) revert JuriesNoSuchVote(vote);
        Juror storage juror = _jurors[id][msg.sender];
        if (juror.step == Step.Revealed) revert JuriesRevealed(msg.sender);
        bytes32 have = keccak256(abi.encode(address(this), id, msg.sender, vote, outputHash, salt));
        if (have != juror.commitment) revert JuriesWrongOpening(have, juror.commitment);
        juror.step = Step.Revealed;
        ++jury.revealed;
        if (vote == CONVICT) ++jury.convictions;
        if (vote == ACQUIT) ++jury.acquittals;
        emit JurorRevealed(id, msg.sender, vote, outputHash);
    }

    /* READS */

    /// @inheritdoc IJuries
    function verdictOf(bytes32 id) external view returns (Verdict) {
        Jury memory jury = _juries[id];
        if (jury.start == 0) return Verdict.None;
        if (block.timestamp < jury.revealEnd) return Verdict.Pending;
        // Enough votes to convict are always two thirds of the seats.
        if (jury.convictions >= votes) return Verdict.Convicted;
        return uint256(jury.revealed) * 3 < size * 2 ? Verdict.Mistrial : Verdict.Acquitted;
    }

    /// @inheritdoc IJuries
    function juryOf(bytes32 id) external view returns (Jury memory) {
        return _juries[id];
    }

    /// @inheritdoc IJuries
    function seatsOf(bytes32 id) external view returns (address[] memory seats) {
        Jury memory jury = _juries[id];
        (bytes32 seed,) = _beacon.seedOf(jury.epoch);
        if (jury.start == 0 || seed == 0) return new address[](0);
        return _seats(jury, seed);
    }

    /// @inheritdoc IJuries
    function hasRevealed(bytes32 id, address juror) external view returns (bool) {
        return _jurors[id][juror].step == Step.Revealed;
    }

    function _requireSeat(Jury memory jury, uint8 seat) private view {
        if (seat >= size) revert JuriesNoSuchSeat(seat, size);
        (bytes32 seed,) = _beacon.seedOf(jury.epoch);
        if (seed == 0) revert JuriesNoSeed(jury.epoch);
        address holder = _seats(jury, seed)[seat];
        if (holder != msg.sender) revert JuriesWrongSeat(msg.sender, holder);
    }

    /// @dev The first of those drawn who did not judge the case before, in the order of the draw.
    function _seats(Jury memory jury, bytes32 seed) private view returns (address[] memory seats) {
        address[] memory drawn = _verifiers.seats(
            seed, jury.provider, jury.modelId, jury.epoch, Seats.ROLE_JURY, size + SPARE
        );
        address[] memory reran = _hub.seatsOf(jury.provider, jury.modelId, jury.caseEpoch, Seats.ROLE_RERUN);
        address[] memory redrawn = _redrawn(jury);
        seats = new address[](size);
        uint256 count = 0;
        for (uint256 i = 0; i < drawn.length && count < size; ++i) {
            bool isFree = drawn[i] != address(0) && !_holds(reran, drawn[i]) && !_holds(redrawn, drawn[i]);
            if (isFree) seats[count++] = drawn[i];
        }
    }

    /// @dev Who judged the case in a redraw. Re-run seats judged it whether they revealed or not, redraw seats only if they
    /// did, because a redraw may not have been needed.
    function _redrawn(Jury memory jury) private view returns (address[] memory seats) {
        if (!_hub.needsRedraw(jury.provider, jury.modelId, jury.caseEpoch)) return seats;
        seats = _hub.seatsOf(jury.provider, jury.modelId, jury.caseEpoch, Seats.ROLE_REDRAW);
        for (uint8 seat = 0; seat < seats.length; ++seat) {
            (bool revealed,) =
                _hub.reportOf(jury.provider, jury.modelId, jury.caseEpoch, Seats.ROLE_REDRAW, seat);
            if (!revealed) seats[seat] = address(0);
        }
    }

    function _holds(address[] memory seats, address who) private pure returns (bool) {
        for (uint256 i = 0; i < seats.length; ++i) {
            if (seats[i] == who) return true;
        }
        return false;
    }

    function _requireTime(uint256 from, uint256 until) private view {
        if (block.timestamp < from || block.timestamp >= until) {
            revert JuriesWrongTime(block.timestamp, from, until);
        }
    }
}
