// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Closable} from "../access/Closable.sol";
import {Log} from "../availability/IReceiptLog.sol";
import {Receipts} from "../libraries/Receipts.sol";
import {Reports} from "../libraries/Reports.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Seats} from "../libraries/Seats.sol";
import {IReliabilityLedger} from "../reliability/IReliabilityLedger.sol";
import {Evidence} from "./Evidence.sol";
import {IDemands} from "./IDemands.sol";
import {Case, CaseState, IDisputeCourt} from "./IDisputeCourt.sol";
import {Opening, Proof} from "./IEvidence.sol";
import {IJuries, Jury, Verdict} from "./IJuries.sol";
import {IOpenings} from "./IOpenings.sol";
import {JuryFees} from "./JuryFees.sol";
import {Payouts} from "./Payouts.sol";

/// @title Cases
/// @notice See IDisputeCourt.
/// @dev One case per leaf, ever. A bonded case counts as an open case of the record while it runs, so whoever reads
/// `requireUndisputed` sees it.
contract DisputeCourt is IDisputeCourt, Evidence, JuryFees, Closable, Multicall {
    /// @dev Share of stake per confirmed case, 1e18 = 100 % (docs/protocol.md section 8, "Schedule").
    uint256 private constant WRONG_OUTPUT = 0.05e18;
    /// @dev The same for who accused: both stake as much on the truth.
    uint256 private constant WRONG_ACCUSATION = 0.05e18;
    uint256 private constant MOST_SAMPLES = 48;

    IReliabilityLedger private immutable _ledger;
    IDemands private immutable _demands;
    IOpenings private immutable _openings;
    /// @inheritdoc IDisputeCourt
    uint256 public immutable bond;

    mapping(bytes32 id => Case) private _cases;
    /// @dev Which seats have lost a share for a case: bit 16 * role + seat.
    mapping(bytes32 id => uint256) private _refuted;

    /// @param authority Access manager: whether bonded cases are paused.
    /// @param sources The contracts below. Grants needed: `Penalties.punish`, `Juries.summon`, `ReliabilityLedger.openCase`
    /// and `closeCases`.
    /// @param asset Token of all stake. @param ledger The record. @param juries Who decides. @param demands Opened leaves.
    /// @param openings Where leaves are opened.
    /// @param bond_ What opening a case, or calling a jury, costs until the case ends.
    constructor(
        address authority,
        Sources memory sources,
        IERC20 asset,
        IReliabilityLedger ledger,
        IJuries juries,
        IDemands demands,
        IOpenings openings,
        uint256 bond_
    ) AccessManaged(authority) Evidence(sources) Payouts(asset) JuryFees(juries) {
        if (bond_ == 0) revert DisputeCourtNoBond();
        _ledger = ledger;
        _demands = demands;
        _openings = openings;
        bond = bond_;
    }

    /* OPENING */

    /// @inheritdoc IDisputeCourt
    function open(Proof memory proof) external nonReentrant whileOpen returns (bytes32 id) {
        Receipts.LeafFields memory leaf = proof.leaf;
        Log memory log;
        uint64 prefix;
        (id, log, prefix) = _begin(proof);
        uint64 end = _demands.openedUntil(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq);
        if (_isSampled(log, leaf, prefix)) {
            end = uint64(Math.max(end, disputeEnd(leaf.provider, leaf.modelId, leaf.epoch)));
        } else if (end == 0) {
            revert DisputeCourtNotSampled(id);
        }
        _requireBefore(end);
        _openCase(id, leaf, 0);
    }

    /// @inheritdoc IDisputeCourt
    function openReceipt(Proof memory proof, Receipts.Receipt memory receipt, bytes calldata signature)
        external
        nonReentrant
        whileOpen
        returns (bytes32 id)
    {
        Receipts.LeafFields memory leaf = proof.leaf;
        (id,,) = _begin(proof);
        _requireSigned(receipt, signature);
        _requireLeafOf(leaf, receipt);
        _requireDisputable(leaf.provider, leaf.modelId, leaf.epoch);
        _openCase(id, leaf, receipt.outputHash);
    }

    /// @dev The leaf is in the log of a settled epoch, has no case, and no majority found it wrong.
    /// @return id The case. @return log The log. @return prefix Units before the leaf.
    function _begin(Proof memory proof) private view returns (bytes32 id, Log memory log, uint64 prefix) {
        Receipts.LeafFields memory leaf = proof.leaf;
        id = caseId(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq);
        _requireState(id, CaseState.None);
        _requireSettled(leaf);
        (log, prefix) = _prove(proof);
        (uint8 positions,) = _positions(log, leaf, prefix);
        if (positions != 0) revert DisputeCourtFree(id);
    }

    function _openCase(bytes32 id, Receipts.LeafFields memory leaf, bytes32 outputHash) private {
        Case memory made = _about(leaf, 1);
        made.state = CaseState.Open;
        made.challenger = msg.sender;
        made.outputHash = outputHash;
        made.answerEnd = uint64(block.timestamp) + _clock.windows(leaf.epoch).answerWindow;
        _store(id, made);
        emit CaseOpened(id, leaf.provider, msg.sender, leaf.modelId, leaf.epoch, leaf.seq, made.answerEnd);
        _ledger.openCase(leaf.provider, leaf.modelId);
        _take(bond);
    }

    function _store(bytes32 id, Case memory made) private {
        _cases[id] = made;
    }

    /// @dev All that the receipt says stands in the leaf too; the output is sealed there until the provider opens it.
    function _requireLeafOf(Receipts.LeafFields memory leaf, Receipts.Receipt memory receipt) private pure {
        (bytes32 have, bytes32 need) =
            (Receipts.leafHash(leaf), Receipts.leafHash(Receipts.leafOf(receipt, leaf.sealedOutput)));
        if (have != need) revert DisputeCourtOtherLeaf(have, need);
    }

    /* THE PROVIDER'S ANSWER */

    /// @inheritdoc IDisputeCourt
    function callJury(Proof memory proof, Opening calldata opening) external nonReentrant returns (bytes32 id) {
        Receipts.LeafFields memory leaf = proof.leaf;
        id = caseId(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq);
        Case memory made = caseOf(id);
        (uint64 prefix, bytes32 outputHash) = _openings.open(id, proof, opening);
        if (made.state == CaseState.None) {
            uint48 samples;
            uint8 positions;
            (positions, samples) = _needFree(id, _needLog(leaf.provider, leaf.modelId, leaf.epoch), leaf, prefix);
            made = _about(leaf, positions);
            made.samples = samples;
            _requireDisputable(leaf.provider, leaf.modelId, leaf.epoch);
        } else {
            _requireState(id, CaseState.Open);
            _requireBefore(made.answerEnd);
        }
        if (made.outputHash != 0 && outputHash != made.outputHash) {
            revert DisputeCourtOtherOutput(outputHash, made.outputHash);
        }
        made.state = CaseState.Tried;
        made.defender = msg.sender;
        _store(id, made);
        emit CaseTried(id, leaf.provider, msg.sender, leaf.modelId, leaf.epoch, leaf.seq);
        _juries.summon(id, leaf.provider, leaf.modelId, leaf.epoch);
        _take(bond);
    }

    /* ENDS */

    /// @inheritdoc IDisputeCourt
    function closeFree(Proof memory proof) external nonReentrant returns (bytes32 id) {
        Receipts.LeafFields memory leaf = proof.leaf;
        id = caseId(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq);
        _requireState(id, CaseState.None);
        // What it is about stands in the log and in the event: only that it ended is stored.
        (Log memory log, uint64 prefix) = _prove(proof);
        (uint8 positions,) = _needFree(id, log, leaf, prefix);
        Case memory made = _about(leaf, positions);
        _requireFrom(disputeEnd(leaf.provider, leaf.modelId, leaf.epoch));
        _end(id, made, CaseState.Confirmed, msg.sender, 0);
    }

    /// @inheritdoc IDisputeCourt
    function close(bytes32 id) external nonReentrant {
        Case memory made = caseOf(id);
        address challenger = made.challenger;
        if (made.state == CaseState.Open) {
            _requireFrom(made.answerEnd);
            _owe(challenger, bond);
            return _end(id, made, CaseState.Confirmed, challenger, 0);
        }
        _requireState(id, CaseState.Tried);
        Verdict verdict = _juries.verdictOf(id);
        if (verdict == Verdict.Pending) revert DisputeCourtJurySits(id);
        bool bonded = challenger != address(0);
        if (verdict == Verdict.Convicted) {
            if (bonded) _owe(challenger, bond);
            return _end(id, made, CaseState.Confirmed, bonded ? challenger : msg.sender, bond);
        }
        _owe(made.defender, bond);
        if (verdict == Verdict.Mistrial) {
            if (bonded) _owe(challenger, bond);
            return _end(id, made, CaseState.Mistrial, challenger, 0);
        }
        if (bonded) _owe(_providers.ownerAt(made.provider, _clock.current()), bond - bond / 2);
        _end(id, made, CaseState.Acquitted, challenger, bonded ? bond / 2 : 0);
    }

    function _end(bytes32 id, Case memory made, CaseState state, address challenger, uint256 toJury) private {
        _cases[id].state = state;
        uint256 each = toJury == 0 ? 0 : _payJury(id, toJury, _penalties.reserve());
        bool confirmed = state == CaseState.Confirmed;
        _ledger.closeCases(made.provider, made.modelId, made.positions, confirmed);
        uint256 taken = 0;
        if (confirmed) {
            taken = _penalties.punish(
                made.provider, WRONG_OUTPUT, "wrong output", challenger, made.client, made.clientCap
            );
        }
        emit CaseClosed(id, made.provider, challenger, state, taken, each);
    }

    /* WHO ACCUSED FALSELY */

    /// @inheritdoc IDisputeCourt
    function refuteAccuser(bytes32 id, uint8 role, uint8 seat) external nonReentrant returns (uint256 taken) {
        _requireState(id, CaseState.Acquitted);
        Case memory made = caseOf(id);
        if (made.challenger != address(0)) revert DisputeCourtBonded(id);
        _requireCleared(id);
        address verifier = _requireAccuser(id, made, role, seat);
        taken = _punishAccuser(id, verifier);
        emit AccuserRefuted(id, verifier, msg.sender, role, seat, taken, perJuror[id]);
    }

    /// @dev Acquitted is also who was not convicted: that refutes nobody.
    function _requireCleared(bytes32 id) private view {
        Jury memory jury = _juries.juryOf(id);
        uint256 need = _juries.votes();
        if (jury.acquittals < need) revert DisputeCourtTooFewAcquit(jury.acquittals, need);
        _requireBefore(jury.revealEnd + _clock.windows(jury.epoch).disputeWindow);
    }

    /// @dev The jury of a free case is paid as a harmed client is: from the first seat that loses something.
    function _punishAccuser(bytes32 id, address verifier) private returns (uint256 taken) {
        address payee = perJuror[id] == 0 ? address(this) : address(0);
        taken = _penalties.punish(verifier, WRONG_ACCUSATION, "wrong accusation", msg.sender, payee, bond / 2);
        if (payee == address(0) || _penalties.owed(payee) == 0) return taken;
        _payJury(id, _penalties.claim(payee), _penalties.reserve());
    }

    /// @dev The seat has called a sample wrong that hits the leaf, and is noted as refuted.
    function _requireAccuser(bytes32 id, Case memory made, uint8 role, uint8 seat) private returns (address verifier) {
        if (role != Seats.ROLE_RERUN && role != Seats.ROLE_REDRAW) revert EvidenceNoRerun(role);
        (bool revealed, uint256 report) = _hub.reportOf(made.provider, made.modelId, made.epoch, role, seat);
        bool accused = false;
        for (uint256 j = 0; j < MOST_SAMPLES && revealed && !accused; ++j) {
            accused = made.samples & (1 << j) != 0 && Reports.verdict(report, j) == Reports.MISMATCH;
        }
        uint256 bit = 1 << (16 * uint256(role) + seat);
        if (!accused || _refuted[id] & bit != 0) revert DisputeCourtNoAccuser(id, role, seat);
        _refuted[id] |= bit;
        return _hub.seatsOf(made.provider, made.modelId, made.epoch, role)[seat];
    }

    /* READS */

    /// @inheritdoc IDisputeCourt
    function caseOf(bytes32 id) public view returns (Case memory) {
        return _cases[id];
    }

    /// @inheritdoc IDisputeCourt
    function caseId(address provider, bytes32 modelId, uint64 epoch, uint32 seq) public pure returns (bytes32) {
        return keccak256(abi.encode(provider, modelId, epoch, seq));
    }

    /// @dev What a case is about.
    function _about(Receipts.LeafFields memory leaf, uint8 positions) private view returns (Case memory made) {
        made.positions = positions;
        made.provider = leaf.provider;
        made.epoch = leaf.epoch;
        made.modelId = leaf.modelId;
        made.client = leaf.client;
        made.clientCap = _restitution(leaf.client, leaf.provider, leaf.modelId, leaf.epoch, leaf.units);
    }

    /// @dev Positions of a free case's leaf that a majority found wrong, and the samples there; reverts if there are none.
    function _needFree(bytes32 id, Log memory log, Receipts.LeafFields memory leaf, uint64 prefix)
        private
        view
        returns (uint8 positions, uint48 samples)
    {
        (positions, samples) = _positions(log, leaf, prefix);
        if (positions != 0) return (positions, samples);
        // Before settlement nobody has found anything.
        _requireSettled(leaf);
        revert DisputeCourtNoMismatch(id);
    }

    function _requireSettled(Receipts.LeafFields memory leaf) private view {
        if (_hub.settledAt(leaf.provider, leaf.modelId, leaf.epoch) == 0) {
            revert DisputeCourtNotSettled(leaf.provider, leaf.modelId, leaf.epoch);
        }
    }

    /// @dev At how many different units of the leaf a majority found a mismatch, and by which samples.
    function _positions(Log memory log, Receipts.LeafFields memory leaf, uint64 prefix)
        private
        view
        returns (uint8 count, uint48 samples)
    {
        uint256 mismatches = _hub.mismatchesOf(leaf.provider, leaf.modelId, leaf.epoch);
        if (mismatches == 0) return (0, 0);
        bytes32 seed = _seedOf(leaf.epoch);
        uint256[MOST_SAMPLES] memory found;
        for (uint256 j = 0; mismatches >> j != 0; ++j) {
            if (mismatches & (1 << j) == 0) continue;
            (bool hits, uint256 position) = _hit(seed, log, leaf, prefix, j);
            if (!hits) continue;
            samples |= uint48(1 << j);
            bool known = false;
            for (uint256 i = 0; i < count && !known; ++i) known = found[i] == position;
            if (!known) found[count++] = position;
        }
    }

    /// @dev Whether a sample hits the leaf.
    function _isSampled(Log memory log, Receipts.LeafFields memory leaf, uint64 prefix)
        private
        view
        returns (bool hits)
    {
        bytes32 seed = _seedOf(leaf.epoch);
        if (seed == 0) return false;
        for (uint256 j = 0; j < log.m && !hits; ++j) (hits,) = _hit(seed, log, leaf, prefix, j);
    }

    /// @dev Whether sample `j` hits the leaf, and the unit of the log that it hits.
    function _hit(bytes32 seed, Log memory log, Receipts.LeafFields memory leaf, uint64 prefix, uint256 j)
        private
        pure
        returns (bool hits, uint256 position)
    {
        position = Sampling.position(seed, leaf.provider, leaf.modelId, leaf.epoch, j, log.units);
        hits = position >= prefix && position < uint256(prefix) + leaf.units;
    }

    function _requireState(bytes32 id, CaseState need) private view {
        CaseState have = _cases[id].state;
        if (have != need) revert DisputeCourtWrongState(have, need);
    }
}
