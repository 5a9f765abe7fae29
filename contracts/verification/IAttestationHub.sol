// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The reveal of one assignment (docs/protocol.md section 5).
struct Reveal {
    /// 0 probe, 1 re-run, 2 redraw.
    uint8 role;
    address provider;
    bytes32 modelId;
    /// The caller's seat, 0 to 4; of a redraw 0 to 8.
    uint8 seat;
    /// The report; in the commitment's leaf a re-run's report is 0.
    uint256 report;
    /// Root of the seat's own results.
    bytes32 dataRoot;
    bytes32 salt;
}

/// @notice Whose record, and of which model.
struct RecordKey {
    address provider;
    bytes32 modelId;
}

/// @title Attestations and settlement
/// @notice Verifiers commit one hash for all their assignments of an epoch, reveal after outputs have opened, and anybody
/// settles: reports become one update of the record, a weight, points, and open cases. Where the re-runs lack their quorum,
/// nine more seats commit and reveal in a second round before settlement. Never slashes.
/// @dev Rules: docs/protocol.md sections 3, 5 and 6.
interface IAttestationHub {
    /// @notice A verifier committed for a round of `epoch`: 0, or 1 for the redraw.
    event Committed(uint64 indexed epoch, address indexed verifier, uint8 round, bytes32 commitment);
    /// @notice A seat's report was revealed. With `Opened` it tells all that evidence about the seat needs, so that nobody
    /// escapes the court by revealing through another contract.
    event Revealed(
        address indexed provider,
        bytes32 indexed modelId,
        uint64 indexed epoch,
        uint8 role,
        uint8 seat,
        address verifier,
        uint256 report,
        bytes32 dataRoot,
        bytes32 salt
    );
    /// @notice A commitment was opened: `proof` and `flags`, as `reveal` takes them, lead from the leaves of the `Revealed`
    /// events just before, back to the `Opened` before them in the same transaction, to its root.
    event Opened(uint64 indexed epoch, address indexed verifier, bytes32[] proof, bool[] flags);
    /// @notice An epoch of a record was settled. `score` 1e9 = 100 %; `weight` as in RewardDistributor.
    event Settled(
        address indexed provider,
        bytes32 indexed modelId,
        uint64 indexed epoch,
        uint256 probes,
        uint256 timely,
        uint256 peakProbes,
        uint256 peakTimely,
        uint256 m,
        uint256 matches,
        uint48 mismatches,
        uint256 score,
        uint256 weight
    );

    /// @notice Outside the step's window (Unix seconds).
    error AttestationHubWrongTime(uint256 have, uint256 from, uint256 until);
    /// @notice The caller committed for this round of the epoch already.
    error AttestationHubCommitted(address verifier, uint64 epoch, uint8 round);
    /// @notice The commitment is zero.
    error AttestationHubZeroCommitment();
    /// @notice The reveals do not open the caller's commitment.
    error AttestationHubWrongOpening(bytes32 have, bytes32 need);
    /// @notice The seat of reveal `index` is not the caller's.
    error AttestationHubWrongSeat(uint256 index, address have, address need);
    /// @notice The seat of reveal `index` was revealed already.
    error AttestationHubRevealed(uint256 index);
    /// @notice There are no such roles or seats in this round.
    error AttestationHubNoSuchSeat(uint256 index, uint8 role, uint8 seat);
    /// @notice No seed for the role of reveal `index`: it was not drawn, or too late.
    error AttestationHubNoSeed(uint256 index, uint64 seedEpoch);
    /// @notice Nothing was promised for the epoch of reveal `index`.
    error AttestationHubNoPromise(uint256 index);
    /// @notice No log was committed for the epoch of reveal `index`.
    error AttestationHubNoLog(uint256 index);
    /// @notice The re-runs that reveal `index` would stand in for have their quorum, or there was nothing to re-run.
    error AttestationHubNoRedraw(uint256 index);
    /// @notice No promised epoch of this record is left to settle.
    error AttestationHubNothingToSettle(address provider, bytes32 modelId);

    /// @notice Commits one hash for all the caller's assignments of `epoch` in the round that is open, 0 or 1 (the redraw):
    /// `keccak256(abi.encode(hub, epoch, uint8(round), caller, root))`.
    function commit(uint64 epoch, bytes32 commitment) external;

    /// @notice Reveals assignments of `epoch` in the round that is open, all of the caller's or some. One bad reveal refuses
    /// the whole call. A re-run report with a match or mismatch earns a point (1e9), a probe report the share of one that was
    /// answered, of all probes owed. A probe report of zeros, or a re-run report without either verdict, is an abstention.
    /// @param reveals In the order of their leaves in the committed tree. @param proof Nodes of the tree that the leaves do
    /// not give. @param flags How both lead to its root, as OpenZeppelin's MerkleProof takes them: true joins two of the
    /// leaves and nodes found so far, false one of them and the next of `proof`. Neither is needed if all are revealed.
    function reveal(uint64 epoch, Reveal[] calldata reveals, bytes32[] calldata proof, bool[] calldata flags) external;

    /// @notice Settles the next unsettled promised epoch of a record, after its reveals, and after those of its redraw if one
    /// is needed. Anyone may.
    /// @return epoch The epoch that was settled.
    function settle(address provider, bytes32 modelId) external returns (uint64 epoch);

    /// @notice As `settle`, for each of these records whose next epoch can be settled now; the others are passed over, so that
    /// who settles one of them first refuses nobody the rest.
    /// @return settled How many were settled.
    function settleAll(RecordKey[] calldata records) external returns (uint256 settled);

    /// @notice The epoch that `settle` would take next; `found` is false if nothing is promised.
    function nextToSettle(address provider, bytes32 modelId) external view returns (bool found, uint64 epoch);

    /// @notice A verifier's commitment in round 0 or 1 of an epoch; zero if none.
    function commitmentOf(uint64 epoch, uint8 round, address verifier) external view returns (bytes32);

    /// @notice The report of a seat, and whether it was revealed.
    function reportOf(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat)
        external
        view
        returns (bool revealed, uint256 report);

    /// @notice Majority mismatches of a settled epoch; bit j is sample j.
    function mismatchesOf(address provider, bytes32 modelId, uint64 epoch) external view returns (uint48);

    /// @notice When an epoch was settled (Unix seconds); 0 if it was not.
    function settledAt(address provider, bytes32 modelId, uint64 epoch) external view returns (uint64);

    /// @notice Whether nine more seats re-run the epoch's samples: there are some, the seed came in time, and fewer than three
    /// re-runs were revealed. Final once the time to reveal is over.
    function needsRedraw(address provider, bytes32 modelId, uint64 epoch) external view returns (bool);

    /// @notice The seats of one assignment as they stand; empty while its seed is not drawn.
    function seatsOf(address provider, bytes32 modelId, uint64 epoch, uint8 role) external view returns (address[] memory);
}
