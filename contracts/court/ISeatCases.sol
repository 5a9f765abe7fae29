// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidence} from "./IEvidence.sol";
import {IJuryFees} from "./IJuryFees.sol";

/// @notice Where a case about a seat stands. The last three are ends.
enum SeatCaseState {
    None,
    /// Waiting for the verifier's answer.
    Open,
    /// Before a jury.
    Tried,
    Confirmed,
    Acquitted,
    Mistrial
}

/// @notice One case about a seat; everything that decides it is fixed when it begins.
struct SeatCase {
    SeatCaseState state;
    /// Until when the verifier may call the jury (Unix seconds).
    uint64 answerEnd;
    /// Who opened it, with a bond.
    address challenger;
    address verifier;
    /// Epoch that the seat judged.
    uint64 epoch;
    /// Who called the jury, with a bond; zero: nobody.
    address defender;
    address provider;
    bytes32 modelId;
}

/// @title Cases about seats
/// @notice A verifier that was asked for its own outputs has shown them; who holds that the model does not give them opens a
/// case with a bond. Silence confirms it; a verifier that answers puts up as much and calls a jury.
/// @dev Rules: docs/protocol.md sections 3 ("Blind re-execution") and 8; docs/decisions/0013-missed-duties.md.
interface ISeatCases is IEvidence, IJuryFees {
    /// @notice A case was opened; silence until `answerEnd` (Unix seconds) confirms it. `j` is a sample, or their number: the
    /// seat's own input.
    event SeatCaseOpened(
        bytes32 indexed id,
        address indexed verifier,
        address indexed challenger,
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint8 role,
        uint8 seat,
        uint8 j,
        uint64 answerEnd
    );
    /// @notice A case went to a jury.
    event SeatCaseTried(bytes32 indexed id, address indexed verifier, address indexed defender);
    /// @notice A case ended; `taken` was slashed.
    event SeatCaseClosed(
        bytes32 indexed id, address indexed verifier, address indexed challenger, SeatCaseState state, uint256 taken
    );

    /// @notice The bond is zero.
    error SeatCasesNoBond();
    /// @notice The seat has not shown its outputs for this.
    error SeatCasesNotShown(bytes32 demand);
    /// @notice The case is in another state.
    error SeatCasesWrongState(SeatCaseState have, SeatCaseState need);
    /// @notice The jury has not finished.
    error SeatCasesJurySits(bytes32 id);

    /// @notice Opens a case on outputs that a seat showed on demand. Anyone, until one more `answerWindow` after the demand's
    /// deadline. Jurors need the inputs: who accuses demands the leaves that are not open.
    /// @param role 1 re-run, 2 redraw. @param j The sample; their number for the seat's own input.
    /// @return id Number of the case: that of the demand.
    function open(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat, uint8 j)
        external
        returns (bytes32 id);

    /// @notice Takes a case to a jury, with a bond. The verifier, or anyone for it, until `answerEnd`.
    function callJury(bytes32 id) external;

    /// @notice Ends a case that was not answered, or whose jury has finished. Anyone.
    function close(bytes32 id) external;

    /// @notice A case.
    function caseOf(bytes32 id) external view returns (SeatCase memory);

    /// @notice What opening a case costs the challenger, and the jury its caller, until the case ends; in the asset's smallest
    /// unit.
    function bond() external view returns (uint256);
}
