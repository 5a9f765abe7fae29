// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipts} from "../libraries/Receipts.sol";
import {IEvidence, Opening, Proof} from "./IEvidence.sol";
import {IJuryFees} from "./IJuryFees.sol";

/// @notice Where a case stands. The last three are ends.
enum CaseState {
    /// Never begun. A majority mismatch is a free case all the same, and is closed or tried from here.
    None,
    /// Bonded, waiting for the provider's answer.
    Open,
    /// Before a jury.
    Tried,
    Confirmed,
    Acquitted,
    Mistrial
}

/// @notice One case; everything that decides it is fixed when it begins.
struct Case {
    CaseState state;
    /// Open cases of the record that end with it.
    uint8 positions;
    /// Until when the provider may call the jury (Unix seconds); bonded cases only.
    uint64 answerEnd;
    /// Who opened it with a bond; zero: a free case.
    address challenger;
    address provider;
    uint64 epoch;
    /// Who called the jury, with a bond; zero: nobody.
    address defender;
    /// Samples that hit the leaf and that a majority found wrong: bit j is sample j. Of a free case that was tried.
    uint48 samples;
    /// Whose inference it was.
    address client;
    /// Most that the client gets, in the asset's smallest unit.
    uint128 clientCap;
    bytes32 modelId;
    /// The receipt's output that the provider has to open; zero: the leaf's own.
    bytes32 outputHash;
}

/// @title Cases
/// @notice A majority of a committee's seats that finds an output wrong makes a free case; anybody with a bond makes one of
/// another sampled leaf, a leaf opened on demand, or a signed receipt. Silence confirms a case; a provider that answers puts
/// a bond and the evidence before a jury.
/// @dev Rules: docs/protocol.md section 8, "Cases"; docs/decisions/0010-the-court.md.
interface IDisputeCourt is IEvidence, IJuryFees {
    /// @notice A bonded case was opened; silence until `answerEnd` (Unix seconds) confirms it.
    event CaseOpened(
        bytes32 indexed id,
        address indexed provider,
        address indexed challenger,
        bytes32 modelId,
        uint64 epoch,
        uint32 seq,
        uint64 answerEnd
    );
    /// @notice A case went to a jury, with the evidence on chain.
    event CaseTried(
        bytes32 indexed id, address indexed provider, address indexed defender, bytes32 modelId, uint64 epoch, uint32 seq
    );
    /// @notice A case ended; `taken` was slashed, each juror who revealed gets `perJuror`.
    event CaseClosed(
        bytes32 indexed id,
        address indexed provider,
        address indexed challenger,
        CaseState state,
        uint256 taken,
        uint256 perJuror
    );

    /// @notice A seat lost a share of its stake for a mismatch that a jury has refuted; jurors who revealed get `perJuror` of it.
    event AccuserRefuted(
        bytes32 indexed id,
        address indexed verifier,
        address indexed challenger,
        uint8 role,
        uint8 seat,
        uint256 taken,
        uint256 perJuror
    );

    /// @notice The bond is zero.
    error DisputeCourtNoBond();
    /// @notice The epoch is not settled.
    error DisputeCourtNotSettled(address provider, bytes32 modelId, uint64 epoch);
    /// @notice The case is in another state.
    error DisputeCourtWrongState(CaseState have, CaseState need);
    /// @notice No majority found this leaf wrong: it takes a bonded case.
    error DisputeCourtNoMismatch(bytes32 id);
    /// @notice A majority found this leaf wrong: its case is free.
    error DisputeCourtFree(bytes32 id);
    /// @notice No sample hits the leaf, and nobody opened it on demand.
    error DisputeCourtNotSampled(bytes32 id);
    /// @notice The leaf is not the receipt's.
    error DisputeCourtOtherLeaf(bytes32 have, bytes32 need);
    /// @notice The leaf seals another output than the receipt was signed for.
    error DisputeCourtOtherOutput(bytes32 have, bytes32 need);
    /// @notice The jury has not finished.
    error DisputeCourtJurySits(bytes32 id);
    /// @notice The case had a bond: who accused has paid.
    error DisputeCourtBonded(bytes32 id);
    /// @notice The acquittal had `have` votes of its own, not `need`.
    error DisputeCourtTooFewAcquit(uint256 have, uint256 need);
    /// @notice The seat did not call the leaf wrong, or has lost its share for it.
    error DisputeCourtNoAccuser(bytes32 id, uint8 role, uint8 seat);

    /// @notice Opens a bonded case on a sampled leaf that no majority found wrong, or on one that was opened on demand.
    /// Anyone, after settlement until the dispute end, or until the demand's `openedUntil`.
    function open(Proof calldata proof) external returns (bytes32 id);

    /// @notice Opens a bonded case on a signed receipt whose leaf is in the log. Anyone, after settlement until the dispute
    /// end. To answer, the provider has to open the very output that the receipt was signed for.
    function openReceipt(Proof calldata proof, Receipts.Receipt calldata receipt, bytes calldata signature)
        external
        returns (bytes32 id);

    /// @notice Takes a case to a jury, with a bond and the leaf's salt and tensors. The provider, or anyone for it: a free
    /// case until the dispute end, a bonded one until its `answerEnd`.
    function callJury(Proof calldata proof, Opening calldata opening) external returns (bytes32 id);

    /// @notice Confirms a free case that was not taken to a jury by the dispute end. Anyone; the caller is the challenger.
    function closeFree(Proof calldata proof) external returns (bytes32 id);

    /// @notice Ends a bonded case that was not answered, or any case whose jury has finished. Anyone; who ends a free case
    /// with a conviction is its challenger.
    function close(bytes32 id) external;

    /// @notice A seat that called a leaf wrong, where as many jurors acquitted as could have convicted, loses 5 % of its stake,
    /// once per seat and case. The jury of a free case is paid from the first. Anyone, until `disputeWindow` after the jury;
    /// the caller is the challenger.
    /// @param role 1 re-run, 2 redraw. @param seat Place in the committee.
    /// @return taken What it lost, in the asset's smallest unit.
    function refuteAccuser(bytes32 id, uint8 role, uint8 seat) external returns (uint256 taken);

    /// @notice A case. Of a free one that ended in silence only its state is kept.
    function caseOf(bytes32 id) external view returns (Case memory);

    /// @notice A case's number: one per leaf.
    function caseId(address provider, bytes32 modelId, uint64 epoch, uint32 seq) external pure returns (bytes32);

    /// @notice What opening a case costs the challenger, and the jury its caller, until the case ends; in the asset's
    /// smallest unit.
    function bond() external view returns (uint256);
}
