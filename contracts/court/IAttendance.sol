// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidence} from "./IEvidence.sol";

/// @title Missed duties
/// @notice Who holds a seat reveals, whatever it found: probe seats, re-run seats, redraw seats and jurors. Anyone notes a
/// miss. It counts once per verifier and epoch, and costs the larger of 1 % of the verifier's stake and ten epochs' pay of
/// its tickets, 5 % at most; three such epochs within 30 eject.
/// @dev Rules: docs/protocol.md section 3, "Quorum"; docs/decisions/0013-missed-duties.md.
interface IAttendance is IEvidence {
    /// @notice A verifier missed a duty of `epoch`; `taken` was slashed.
    event Missed(address indexed verifier, uint64 indexed epoch, address indexed challenger, bool ejected, uint256 taken);

    /// @notice There is no such seat, or nobody was drawn for it.
    error AttendanceEmptySeat(uint8 role, uint8 seat);
    /// @notice There was nothing to do: nothing was promised, or there was nothing to re-run.
    error AttendanceNoDuty(uint8 role);
    /// @notice The seed came too late (Unix seconds) for whoever it drew.
    error AttendanceLateSeed(uint256 have, uint256 need);
    /// @notice The seat revealed.
    error AttendanceRevealed(uint8 role, uint8 seat);
    /// @notice A miss of this verifier in this epoch was noted.
    error AttendanceNoted(address verifier, uint64 epoch);

    /// @notice Notes that a seat did not reveal. Anyone, after the time to reveal, until the epoch's dispute end.
    /// @param role 0 probe, 1 re-run, 2 redraw.
    function noteSeat(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat)
        external
        returns (uint256 taken);

    /// @notice Notes that a juror did not reveal. Anyone, for `disputeWindow` after the jury's time to reveal.
    /// @param id The jury.
    function noteJuror(bytes32 id, uint8 seat) external returns (uint256 taken);

    /// @notice Whether a miss of this verifier in this epoch was noted.
    function isNoted(address verifier, uint64 epoch) external view returns (bool);
}
