// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJuries} from "./IJuries.sol";
import {IJuryFees} from "./IJuryFees.sol";
import {Payouts} from "./Payouts.sol";

/// @title What jurors are paid
/// @notice See IJuryFees.
abstract contract JuryFees is IJuryFees, Payouts {
    IJuries internal immutable _juries;

    /// @inheritdoc IJuryFees
    mapping(bytes32 id => uint256) public perJuror;
    mapping(bytes32 id => mapping(address juror => bool)) private _paid;

    constructor(IJuries juries) {
        _juries = juries;
    }

    /// @inheritdoc IJuryFees
    function payJuror(bytes32 id, address juror) external returns (uint256 amount) {
        amount = perJuror[id];
        if (amount == 0 || _paid[id][juror] || !_juries.hasRevealed(id, juror)) revert JuryFeesNothingDue(id, juror);
        _paid[id][juror] = true;
        emit JurorPaid(id, juror, amount);
        _owe(juror, amount);
    }

    /// @dev A jury that convicted or acquitted has jurors who revealed. What is left over goes to `reserve`.
    /// @return each What a juror gets.
    function _payJury(bytes32 id, uint256 amount, address reserve) internal returns (uint256 each) {
        if (amount == 0) return 0;
        uint256 jurors = _juries.juryOf(id).revealed;
        each = amount / jurors;
        perJuror[id] = each;
        _owe(reserve, amount % jurors);
    }
}
