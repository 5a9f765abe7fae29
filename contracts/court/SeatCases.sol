// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Closable} from "../access/Closable.sol";
import {Evidence} from "./Evidence.sol";
import {Demand, DemandState, IDemands} from "./IDemands.sol";
import {IJuries, Verdict} from "./IJuries.sol";
import {ISeatCases, SeatCase, SeatCaseState} from "./ISeatCases.sol";
import {JuryFees} from "./JuryFees.sol";
import {Payouts} from "./Payouts.sol";

/// @title Cases about seats
/// @notice See ISeatCases.
contract SeatCases is ISeatCases, Evidence, JuryFees, Closable {
    /// @dev Share of stake, 1e18 = 100 %: as a refuted verdict (docs/protocol.md section 8, "Schedule").
    uint256 private constant REFUTED = 0.5e18;

    IDemands private immutable _demands;
    /// @inheritdoc ISeatCases
    uint256 public immutable bond;

    mapping(bytes32 id => SeatCase) private _cases;

    /// @param authority Access manager: whether cases are paused.
    /// @param sources The contracts below. Grants needed: `Penalties.punish`, `Juries.summon`.
    /// @param asset Token of all stake. @param juries Who decides. @param demands Outputs that were shown.
    /// @param bond_ What opening a case, or calling a jury, costs until the case ends.
    constructor(
        address authority,
        Sources memory sources,
        IERC20 asset,
        IJuries juries,
        IDemands demands,
        uint256 bond_
    ) AccessManaged(authority) Evidence(sources) Payouts(asset) JuryFees(juries) {
        if (bond_ == 0) revert SeatCasesNoBond();
        _demands = demands;
        bond = bond_;
    }

    /// @inheritdoc ISeatCases
    function open(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat, uint8 j)
        external
        nonReentrant
        whileOpen
        returns (bytes32 id)
    {
        id = _demands.outputsId(provider, modelId, epoch, role, seat, j);
        Demand memory shown = _demands.demandOf(id);
        if (shown.state != DemandState.Answered) revert SeatCasesNotShown(id);
        _requireState(id, SeatCaseState.None);
        uint64 window = _clock.windows(epoch).answerWindow;
        _requireBefore(shown.deadline + window);
        uint64 answerEnd = uint64(block.timestamp) + window;
        _cases[id] = SeatCase({
            state: SeatCaseState.Open,
            answerEnd: answerEnd,
            challenger: msg.sender,
            verifier: shown.accused,
            epoch: epoch,
            defender: address(0),
            provider: provider,
            modelId: modelId
        });
        emit SeatCaseOpened(
            id, shown.accused, msg.sender, provider, modelId, epoch, role, seat, j, answerEnd
        );
        _take(bond);
    }

    /// @inheritdoc ISeatCases
    function callJury(bytes32 id) external nonReentrant {
        _requireState(id, SeatCaseState.Open);
        SeatCase storage made = _cases[id];
        _requireBefore(made.answerEnd);
        made.state = SeatCaseState.Tried;
        made.defender = msg.sender;
        emit SeatCaseTried(id, made.verifier, msg.sender);
        _juries.summon(id, made.provider, made.modelId, made.epoch);
        _take(bond);
    }

    /// @inheritdoc ISeatCases
    function close(bytes32 id) external nonReentrant {
        SeatCase memory made = _cases[id];
        if (made.state == SeatCaseState.Open) {
            _requireFrom(made.answerEnd);
            _owe(made.challenger, bond);
            return _end(id, made, SeatCaseState.Confirmed, 0);
        }
        _requireState(id, SeatCaseState.Tried);
        Verdict verdict = _juries.verdictOf(id);
        if (verdict == Verdict.Pending) revert SeatCasesJurySits(id);
        if (verdict == Verdict.Convicted) {
            _owe(made.challenger, bond);
            return _end(id, made, SeatCaseState.Confirmed, bond);
        }
        _owe(made.defender, bond);
        if (verdict == Verdict.Mistrial) {
            _owe(made.challenger, bond);
            return _end(id, made, SeatCaseState.Mistrial, 0);
        }
        _owe(made.verifier, bond - bond / 2);
        _end(id, made, SeatCaseState.Acquitted, bond / 2);
    }

    function _end(bytes32 id, SeatCase memory made, SeatCaseState state, uint256 toJury) private {
        _cases[id].state = state;
        _payJury(id, toJury, _penalties.reserve());
        uint256 taken = 0;
        if (state == SeatCaseState.Confirmed) {
            taken = _penalties.punish(made.verifier, REFUTED, "wrong own outputs", made.challenger, address(0), 0);
        }
        emit SeatCaseClosed(id, made.verifier, made.challenger, state, taken);
    }

    /// @inheritdoc ISeatCases
    function caseOf(bytes32 id) external view returns (SeatCase memory) {
        return _cases[id];
    }

    function _requireState(bytes32 id, SeatCaseState need) private view {
        SeatCaseState have = _cases[id].state;
        if (have != need) revert SeatCasesWrongState(have, need);
    }
}
