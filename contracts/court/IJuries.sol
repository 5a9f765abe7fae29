// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice How a jury decided.
enum Verdict {
    /// No such jury.
    None,
    /// It sits, or has not begun.
    Pending,
    Convicted,
    Acquitted,
    /// Too few jurors voted.
    Mistrial
}

/// @notice A jury; its times are fixed when it is called.
struct Jury {
    address provider;
    /// Epoch in which it was called, whose seed draws it.
    uint64 epoch;
    uint8 convictions;
    uint8 revealed;
    uint8 acquittals;
    bytes32 modelId;
    /// Epoch that the case is about.
    uint64 caseEpoch;
    /// Commits from here (Unix seconds),
    uint64 start;
    /// reveals from here,
    uint64 commitEnd;
    /// until before here.
    uint64 revealEnd;
}

/// @title Juries
/// @notice Seats drawn from the seed of the epoch in which the jury is called, which nobody knows then. Jurors commit a vote
/// and the hash of their own output, then reveal.
/// @dev Rules: docs/protocol.md section 8, "Cases".
interface IJuries {
    /// @notice A jury was called; jurors commit from `start` until before `commitEnd`, then reveal until before `revealEnd`.
    event JuryCalled(
        bytes32 indexed id,
        address indexed provider,
        bytes32 indexed modelId,
        uint64 epoch,
        uint64 start,
        uint64 commitEnd,
        uint64 revealEnd
    );
    /// @notice A juror committed a vote.
    event JurorCommitted(bytes32 indexed id, address indexed juror, bytes32 commitment);
    /// @notice A juror revealed its vote: 0 unknown, 1 acquit, 2 convict.
    event JurorRevealed(bytes32 indexed id, address indexed juror, uint8 vote, bytes32 outputHash);

    /// @notice 1 to 31 seats; at least 11/15 and at most all of them convict.
    error JuriesBadSize(uint256 size, uint256 votes);
    /// @notice There is such a jury already.
    error JuriesCalled(bytes32 id);
    /// @notice Outside the step's window (Unix seconds).
    error JuriesWrongTime(uint256 have, uint256 from, uint256 until);
    /// @notice There are `need` seats, counted from 0.
    error JuriesNoSuchSeat(uint256 have, uint256 need);
    /// @notice The seed of the jury's epoch was not drawn.
    error JuriesNoSeed(uint64 epoch);
    /// @notice The seat is not the caller's.
    error JuriesWrongSeat(address have, address need);
    /// @notice The commitment is zero.
    error JuriesZeroCommitment();
    /// @notice The caller committed already.
    error JuriesCommitted(address juror);
    /// @notice The reveal does not open the caller's commitment.
    error JuriesWrongOpening(bytes32 have, bytes32 need);
    /// @notice The caller revealed already.
    error JuriesRevealed(address juror);
    /// @notice Votes are 0 to 2.
    error JuriesNoSuchVote(uint8 vote);

    /// @notice Calls a jury for a case. Caller: the court, by the access manager.
    function summon(bytes32 id, address provider, bytes32 modelId, uint64 caseEpoch) external;

    /// @notice Commits a vote from seat `seat`:
    /// `keccak256(abi.encode(juries, id, juror, uint8 vote, bytes32 outputHash, bytes32 salt))`.
    function commit(bytes32 id, uint8 seat, bytes32 commitment) external;

    /// @notice Reveals the caller's vote.
    /// @param vote 0 unknown, 1 acquit, 2 convict.
    /// @param outputHash Hash of the juror's own outputs.
    function reveal(bytes32 id, uint8 vote, bytes32 outputHash, bytes32 salt) external;

    /// @notice How the jury decided.
    function verdictOf(bytes32 id) external view returns (Verdict);

    /// @notice A jury; all zero if there is none.
    function juryOf(bytes32 id) external view returns (Jury memory);

    /// @notice The jurors by seat, none of whom judged the case before; zero where too few verifiers were drawn for the last
    /// seats. Empty while there is no seed.
    function seatsOf(bytes32 id) external view returns (address[] memory);

    /// @notice Whether the juror revealed.
    function hasRevealed(bytes32 id, address juror) external view returns (bool);

    /// @notice Seats of a jury.
    function size() external view returns (uint256);

    /// @notice Votes that convict.
    function votes() external view returns (uint256);
}
