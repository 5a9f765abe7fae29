// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Rights} from "../access/Rights.sol";
import {IRewardDistributor} from "../rewards/IRewardDistributor.sol";
import {IStakePool} from "../stake/IStakePool.sol";
import {IPayouts} from "./IPayouts.sol";
import {IPenalties} from "./IPenalties.sol";
import {Payouts} from "./Payouts.sol";

/// @title Where slashed stake goes
/// @notice The only slasher; see IPenalties.
contract Penalties is IPenalties, Payouts, Rights {
    uint256 private constant CLIENT_PERCENT = 30;
    uint256 private constant CHALLENGER_PERCENT = 20;
    /// @dev ERC-20 has no burn, and not every token takes a transfer to zero: this address has no key.
    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    /// @dev What the reserve and the flames have coming: one slot, written by every slash. The pool counts in 96 bits.
    struct Rest {
        uint128 toReserve;
        uint128 burned;
    }

    IStakePool private immutable _pool;
    IRewardDistributor private immutable _rewards;
    /// @inheritdoc IPenalties
    address public immutable reserve;

    Rest private _rest;

    /// @param authority The access manager that decides who may punish.
    /// @param pool Holds the stake; its slasher is this contract.
    /// @param rewards Pays bounties; grants this contract `addBounty`.
    /// @param reserve_ Who gets the reserve's half.
    constructor(address authority, IStakePool pool, IRewardDistributor rewards, address reserve_)
        AccessManaged(authority)
        Payouts(IERC20(pool.asset()))
    {
        if (reserve_ == address(0)) revert PenaltiesZeroAddress();
        _pool = pool;
        _rewards = rewards;
        reserve = reserve_;
    }

    /// @inheritdoc IPenalties
    function punish(
        address account,
        uint256 wad,
        bytes32 cause,
        address challenger,
        address client,
        uint256 clientCap
    ) external alsoClosed returns (uint256 taken) {
        taken = _pool.slash(account, wad, cause);
        uint256 toClient = client == address(0) ? 0 : Math.min(clientCap, taken * CLIENT_PERCENT / 100);
        uint256 toChallenger =
            challenger == address(0) ? 0 : Math.min(taken * CHALLENGER_PERCENT / 100, taken - toClient);
        uint256 toReserve = (taken - toClient - toChallenger) / 2;
        uint256 burned = taken - toClient - toChallenger - toReserve;
        totalOwed += taken;
        _credit(client, toClient);
        _credit(challenger, toChallenger);
        _rest.toReserve += uint128(toReserve);
        _rest.burned += uint128(burned);
        emit Punished(account, cause, challenger, client, taken, toClient, toChallenger, toReserve, burned);
        // Client and challenger together never get more than half, from whichever till.
        uint256 bounty = Math.min(toChallenger, taken / 2 - toClient - toChallenger);
        if (bounty > 0) _rewards.addBounty(challenger, bounty);
    }

    /// @inheritdoc Payouts
    function owed(address account) public view override(IPayouts, Payouts) returns (uint256 amount) {
        amount = super.owed(account);
        if (account == reserve) amount += _rest.toReserve;
        if (account == BURN) amount += _rest.burned;
    }

    /// @inheritdoc Payouts
    function _clear(address account) internal override returns (uint256 amount) {
        amount = owed(account);
        super._clear(account);
        if (account == reserve) _rest.toReserve = 0;
        if (account == BURN) _rest.burned = 0;
    }
}
