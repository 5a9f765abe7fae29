// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Closable} from "../access/Closable.sol";
import {Log} from "../availability/IReceiptLog.sol";
import {Receipts} from "../libraries/Receipts.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {IReliabilityLedger} from "../reliability/IReliabilityLedger.sol";
import {Evidence} from "./Evidence.sol";
import {IDemands} from "./IDemands.sol";
import {Case, CaseState, IDisputeCourt} from "./IDisputeCourt.sol";
import {Opening, Proof} from "./IEvidence.sol";
import {IJuries, Verdict} from "./IJuries.sol";
import {JuryFees} from "./JuryFees.sol";
import {Payouts} from "./Payouts.sol";

/// @title Cases
/// @notice See IDisputeCourt.
/// @dev One case per leaf, ever. A bonded case counts as an open case of the record while it runs, so whoever reads
/// `requireUndisputed` sees it.
contract DisputeCourt is IDisputeCourt, Evidence, JuryFees, Closable {
    /// @dev Share of stake per confirmed case, 1e18 = 100 % (docs/protocol.md section 8, "Schedule").
    uint256 private constant WRONG_OUTPUT = 0.05e18;
    uint256 private constant MOST_SAMPLES = 48;

    IReliabilityLedger private immutable _ledger;
    IDemands private immutable _demands;
    /// @inheritdoc IDisputeCourt
    uint256 public immutable bond;

    mapping(bytes32 id => Case) private _cases;

    /// @param authority Access manager: whether bonded cases are paused.
    /// @param sources The contracts below. Grants needed: `Penalties.punish`, `Juries.summon`, `ReliabilityLedger.openCase`
    /// and `closeCases`.
    /// @param asset Token of all stake. @param ledger The record. @param juries Who decides. @param demands Opened leaves.
    /// @param bond_ What opening a case, or calling a jury, costs until the case ends.
    constructor(
        address authority,
        Sources memory sources,
        IERC20 asset,
        IReliabilityLedger ledger,
        IJuries juries,
        IDemands demands,
        uint256 bond_
    ) AccessManaged(authority) Evidence(sources) Payouts(asset) JuryFees(juries) {
        if (bond_ == 0) revert DisputeCourtNoBond();
        _ledger = ledger;
        _demands = demands;
        bond = bond_;
    }

    /* OPENING */

    /// @inheritdoc IDisputeCourt
    function open(Proof calldata proof) external nonReentrant whileOpen returns (bytes32 id) {
        Receipts.LeafFields calldata leaf = proof.leaf;
        uint64 prefix;
        (id, prefix) = _begin(proof);
        uint64 end = _demands.openedUntil(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq);
        if (_isSampled(leaf, prefix)) {
            end = uint64(Math.max(end, disputeEnd(leaf.provider, leaf.modelId, leaf.epoch)));
        } else if (end == 0) {
            revert DisputeCourtNotSampled(id);
        }
        _requireBefore(end);
        _openCase(id, leaf, 0);
    }

    /// @inheritdoc IDisputeCourt
    function openReceipt(Proof calldata proof, Receipts.Receipt calldata receipt, bytes calldata signature)
        external
        nonReentrant
        whileOpen
        returns (bytes32 id)
    {
        Receipts.LeafFields calldata leaf = proof.leaf;
        (id,) = _begin(proof);
        _requireSigned(receipt, signature);
        _requireLeafOf(leaf, receipt);
        _requireDisputable(leaf.provider, leaf.modelId, leaf.epoch);
        _openCase(id, leaf, receipt.outputHash);
    }

    /// @dev The leaf is in the log of a settled epoch, has no case, and no majority found it wrong.
    function _begin(Proof calldata proof) private view returns (bytes32 id, uint64 prefix) {
        (id, prefix) = _place(proof);
        _requireState(id, CaseState.None);
        if (_positions(proof.leaf, prefix) != 0) revert DisputeCourtFree(id);
    }

    function _openCase(bytes32 id, Receipts.LeafFields calldata leaf, bytes32 outputHash) private {
        Case memory made = _about(leaf, 1);
        made.state = CaseState.Open;
        made.challenger = msg.sender;
        made.outputHash = outputHash;
        made.answerEnd = uint64(block.timestamp) + _clock.windows(leaf.epoch).answerWindow;
        _cases[id] = made;
        emit CaseOpened(id, leaf.provider, msg.sender, leaf.modelId, leaf.epoch, leaf.seq, made.answerEnd);
        _ledger.openCase(leaf.provider, leaf.modelId);
        _take(bond);
    }

    /// @dev All that the receipt says stands in the leaf too; the output is sealed there until the provider opens it.
    function _requireLeafOf(Receipts.LeafFields calldata leaf, Receipts.Receipt calldata receipt) private pure {
        Receipts.LeafFields memory expected = Receipts.LeafFields({
            provider: receipt.provider,
            modelId: receipt.modelId,
            epoch: receipt.epoch,
            seq: receipt.seq,
            slot: receipt.slot,
            client: receipt.client,
            inputHash: receipt.inputHash,
            sealedOutput: leaf.sealedOutput,
            units: receipt.units,
            servedAtMs: receipt.servedAtMs,
            latencyMs: receipt.latencyMs
        });
        (bytes32 have, bytes32 need) = (Receipts.leafHash(leaf), Receipts.leafHash(expected));
        if (have != need) revert DisputeCourtOtherLeaf(have, need);
    }

    /* THE PROVIDER'S ANSWER */

    /// @inheritdoc IDisputeCourt
    function callJury(Proof calldata proof, Opening calldata opening) external nonReentrant returns (bytes32 id) {
        Receipts.LeafFields calldata leaf = proof.leaf;
        id = caseId(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq);
        Case memory made = _cases[id];
        if (made.state == CaseState.None) {
            made = _about(leaf, _needFree(proof));
            _requireDisputable(leaf.provider, leaf.modelId, leaf.epoch);
        } else {
            _requireState(id, CaseState.Open);
            _requireBefore(made.answerEnd);
            _prove(proof);
        }
        bytes32 outputHash = _open(leaf, opening);
        if (made.outputHash != 0 && outputHash != made.outputHash) {
            revert DisputeCourtOtherOutput(outputHash, made.outputHash);
        }
        made.state = CaseState.Tried;
        made.defender = msg.sender;
        _cases[id] = made;
        emit CaseTried(id, leaf.provider, msg.sender, leaf.modelId, leaf.epoch, leaf.seq);
        _juries.summon(id, leaf.provider, leaf.modelId, leaf.epoch);
        _take(bond);
    }

    /* ENDS */

    /// @inheritdoc IDisputeCourt
    function closeFree(Proof calldata proof) external nonReentrant returns (bytes32 id) {
        Receipts.LeafFields calldata leaf = proof.leaf;
        id = caseId(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq);
        _requireState(id, CaseState.None);
        // What it is about stands in the log and in the event: only that it ended is stored.
        Case memory made = _about(leaf, _needFree(proof));
        _requireFrom(disputeEnd(leaf.provider, leaf.modelId, leaf.epoch));
        _end(id, made, CaseState.Confirmed, msg.sender, 0);
    }

    /// @inheritdoc IDisputeCourt
    function close(bytes32 id) external nonReentrant {
        Case memory made = _cases[id];
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
        _payJury(id, toJury, _penalties.reserve());
        bool confirmed = state == CaseState.Confirmed;
        _ledger.closeCases(made.provider, made.modelId, made.positions, confirmed);
        uint256 taken = 0;
        if (confirmed) {
            taken = _penalties.punish(
                made.provider, WRONG_OUTPUT, "wrong output", challenger, made.client, made.clientCap
            );
        }
        emit CaseClosed(id, made.provider, challenger, state, taken, perJuror[id]);
    }

    /* READS */

    /// @inheritdoc IDisputeCourt
    function caseOf(bytes32 id) external view returns (Case memory) {
        return _cases[id];
    }

    /// @inheritdoc IDisputeCourt
    function caseId(address provider, bytes32 modelId, uint64 epoch, uint32 seq) public pure returns (bytes32) {
        return keccak256(abi.encode(provider, modelId, epoch, seq));
    }

    /// @dev What a case is about.
    function _about(Receipts.LeafFields calldata leaf, uint8 positions) private view returns (Case memory made) {
        made.positions = positions;
        made.provider = leaf.provider;
        made.epoch = leaf.epoch;
        made.modelId = leaf.modelId;
        made.client = leaf.client;
        made.clientCap = _restitution(leaf.provider, leaf.modelId, leaf.epoch, leaf.units);
    }

    /// @dev Positions of a free case's leaf that a majority found wrong; reverts if there are none.
    function _needFree(Proof calldata proof) private view returns (uint8) {
        (bytes32 id, uint64 prefix) = _place(proof);
        uint256 positions = _positions(proof.leaf, prefix);
        if (positions == 0) revert DisputeCourtNoMismatch(id);
        return uint8(positions);
    }

    /// @dev The leaf is in the log of a settled epoch; `prefix` is the units before it.
    function _place(Proof calldata proof) private view returns (bytes32 id, uint64 prefix) {
        Receipts.LeafFields calldata leaf = proof.leaf;
        id = caseId(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq);
        if (_hub.settledAt(leaf.provider, leaf.modelId, leaf.epoch) == 0) {
            revert DisputeCourtNotSettled(leaf.provider, leaf.modelId, leaf.epoch);
        }
        prefix = _prove(proof);
    }

    /// @dev At how many different units of the leaf a majority found a mismatch.
    function _positions(Receipts.LeafFields calldata leaf, uint64 prefix) private view returns (uint256 count) {
        uint256 mismatches = _hub.mismatchesOf(leaf.provider, leaf.modelId, leaf.epoch);
        if (mismatches == 0) return 0;
        (bytes32 seed, uint64 units,) = _draw(leaf);
        uint256[MOST_SAMPLES] memory found;
        for (uint256 j = 0; j < MOST_SAMPLES; ++j) {
            if (mismatches & (1 << j) == 0) continue;
            uint256 position = Sampling.position(seed, leaf.provider, leaf.modelId, leaf.epoch, j, units);
            bool known = position < prefix || position >= uint256(prefix) + leaf.units;
            for (uint256 i = 0; i < count && !known; ++i) known = found[i] == position;
            if (!known) found[count++] = position;
        }
    }

    /// @dev Whether a sample hits the leaf.
    function _isSampled(Receipts.LeafFields calldata leaf, uint64 prefix) private view returns (bool) {
        (bytes32 seed, uint64 units, uint256 m) = _draw(leaf);
        if (seed == 0) return false;
        for (uint256 j = 0; j < m; ++j) {
            uint256 position = Sampling.position(seed, leaf.provider, leaf.modelId, leaf.epoch, j, units);
            if (position >= prefix && position < uint256(prefix) + leaf.units) return true;
        }
        return false;
    }

    function _draw(Receipts.LeafFields calldata leaf) private view returns (bytes32 seed, uint64 units, uint256 m) {
        Log memory log = _log.log(leaf.provider, leaf.modelId, leaf.epoch);
        (seed,) = _beacon.seedOf(leaf.epoch);
        return (seed, log.units, log.m);
    }

    function _requireState(bytes32 id, CaseState need) private view {
        CaseState have = _cases[id].state;
        if (have != need) revert DisputeCourtWrongState(have, need);
    }
}
