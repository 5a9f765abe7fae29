// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Closable} from "../../../contracts/access/Closable.sol";
import {ICommitmentBook} from "../../../contracts/availability/ICommitmentBook.sol";
import {IEpochClock, Windows} from "../../../contracts/epoch/IEpochClock.sol";
import {IProviderRegistry} from "../../../contracts/registry/IProviderRegistry.sol";
import {IVerifierRegistry} from "../../../contracts/registry/IVerifierRegistry.sol";
import {ExitState, ExitStatus, IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {vm} from "../Vm.sol";
import {MarketStage} from "./MarketStage.sol";

/// @notice Everything that can be done with promises, hands, tickets, stake, windows and pauses.
abstract contract MarketHandler is MarketStage {
    /* PROMISES */

    /// @notice 10: a promise is taken if the bond has room for it, and only then.
    function undertake(uint256 choice) external {
        uint256 i = choice % RECORDS;
        address of_ = provider(holderOf(i));
        Promised memory more = termsOf(i, choice);
        uint256 need = bondOf(more);
        uint256 free = freeOf(of_);
        if (paused) return refusePromise(i, more, abi.encodeWithSelector(unauthorized(), address(book)));
        if (need > free) {
            bytes memory short = abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, free, need);
            return refusePromise(i, more, short);
        }
        makePromise(i, more);
        require(pool.locked(of_) <= pool.stakeOf(of_), "10: within the bond");
        uint256 next = uint256(more.last) + 1;
        more.first = more.last;
        refusePromise(
            i, more, abi.encodeWithSelector(ICommitmentBook.CommitmentBookTooEarly.selector, more.first, next)
        );
    }

    function termsOf(uint256 i, uint256 choice) private view returns (Promised memory more) {
        Promised[] storage made = promises[i];
        uint32 earliest = uint32(now_() + 2);
        uint32 last = made[made.length - 1].last;
        if (last >= earliest) earliest = last + 1;
        more.target = targetOf(i);
        more.capacity = uint32(mix(choice, 1) % 60 + 1);
        more.price = PRICE;
        more.first = earliest + uint32(mix(choice, 2) % 3);
        more.last = more.first + uint32(mix(choice, 3) % 12);
    }

    function refusePromise(uint256 i, Promised memory m, bytes memory error_) private {
        bytes memory call = abi.encodeCall(
            book.commit, (provider(holderOf(i)), modelOf(i), m.target, 2000, m.capacity, m.price, m.first, m.last)
        );
        refuses(latest(owners[holderOf(i)]), address(book), call, error_);
    }

    function release(uint256 choice, uint256 which) external {
        uint256 i = choice % RECORDS;
        which %= promises[i].length;
        Promised storage made = promises[i][which];
        bytes memory call = abi.encodeCall(book.release, (provider(holderOf(i)), modelOf(i), which));
        uint256 over = clock.times(made.last).settleEnd;
        if (made.released || block.timestamp < over) {
            return refuses(
                address(this),
                address(book),
                call,
                made.released
                    ? abi.encodeWithSelector(ICommitmentBook.CommitmentBookReleased.selector, which)
                    : abi.encodeWithSelector(ICommitmentBook.CommitmentBookRunning.selector, block.timestamp, over)
            );
        }
        // 17: paused or not.
        book.release(provider(holderOf(i)), modelOf(i), which);
        made.released = true;
    }

    /* HANDS */

    /// @notice Sells a provider, to a stranger or to one of its judges.
    function sell(uint256 choice) external {
        uint256 who = choice % 2;
        address buyer = mix(choice, 1) % 3 == 0 ? crew[mix(choice, 2) % 6] : fresh();
        address seller = latest(owners[who]);
        vm.prank(seller);
        providers.offerOwner(provider(who), buyer);
        refuses(
            address(0xBAD),
            address(providers),
            abi.encodeCall(providers.acceptOwner, (provider(who))),
            abi.encodeWithSelector(IProviderRegistry.ProviderRegistryNotOffered.selector, address(0xBAD), buyer)
        );
        vm.prank(buyer);
        providers.acceptOwner(provider(who));
        changed(owners[who], who, buyer);
    }

    function setOperator(uint256 choice) external {
        uint256 who = choice % 2;
        address owner = latest(owners[who]);
        address old = latest(operators[1 - who]);
        refuses(
            owner,
            address(providers),
            abi.encodeCall(providers.setOperator, (provider(who), old)),
            banned[old]
                ? abi.encodeWithSelector(IProviderRegistry.ProviderRegistryOperatorBanned.selector, old)
                : abi.encodeWithSelector(
                    IProviderRegistry.ProviderRegistryOperatorTaken.selector, old, provider(1 - who)
                )
        );
        address operator = fresh();
        vm.prank(owner);
        providers.setOperator(provider(who), operator);
        changed(operators[who], who, operator);
    }

    function changed(Change[] storage changes, uint256 who, address to) private {
        changes.push(Change(now_() + 2, to));
        tenures[who].push(now_() + 2);
    }

    /// @notice The court takes a key away.
    function ban(uint256 choice) external {
        address operator = latest(operators[choice % 2]);
        vm.prank(address(faults));
        providers.ban(operator);
        banned[operator] = true;
    }

    function setEndpoint(uint256 choice) external {
        uint256 who = choice % 2;
        address owner = at(owners[who], now_());
        vm.prank(owner);
        providers.setEndpoint(provider(who), "https://elsewhere.example", bytes32(choice));
        refuses(
            address(0xBAD),
            address(providers),
            abi.encodeCall(providers.setEndpoint, (provider(who), "https://bad.example", 0)),
            abi.encodeWithSelector(IProviderRegistry.ProviderRegistryNotOwner.selector, address(0xBAD), owner)
        );
    }

    /* TICKETS */

    function buy(uint256 choice) external {
        address who = crew[choice % 6];
        uint256 count = mix(choice, 1) % 5 + 1;
        uint256 free = freeOf(who);
        bytes memory call = abi.encodeCall(verifiers.buy, (count));
        if (now_() < ejectedUntil[who]) {
            bytes memory out = abi.encodeWithSelector(
                IVerifierRegistry.VerifierRegistryEjected.selector, now_(), ejectedUntil[who]
            );
            return refuses(who, address(verifiers), call, out);
        }
        if (paused) {
            return refuses(who, address(verifiers), call, abi.encodeWithSelector(unauthorized(), address(verifiers)));
        }
        if (free < count * TICKET) {
            return refuses(
                who,
                address(verifiers),
                call,
                abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, free, count * TICKET)
            );
        }
        buyTickets(who, count);
    }

    /// @notice 17: a ticket goes back whether the pool is paused or not, unless it went before.
    function giveBack(uint256 choice, uint256 index) external {
        index %= places.length;
        uint256[] memory one = new uint256[](1);
        one[0] = index;
        address holder = places[index].verifier;
        bytes memory call = abi.encodeCall(verifiers.giveBack, (one));
        address other = crew[choice % 6];
        if (other != holder) {
            refuses(
                other,
                address(verifiers),
                call,
                abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryNotHolder.selector, other, holder)
            );
        }
        uint64 until = places[index].until;
        if (until != EVER) {
            return refuses(
                holder,
                address(verifiers),
                call,
                abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryReturned.selector, index, until)
            );
        }
        vm.prank(holder);
        verifiers.giveBack(one);
        places[index].until = now_() + 2;
        --held[holder];
    }

    /* STAKE */

    function bond(uint256 choice, uint256 amount) external {
        address account = accountOf(choice);
        amount = amount % (20 * TICKET) + 1;
        asset.mint(address(this), amount);
        asset.approve(address(pool), amount);
        if (paused) {
            bytes memory call = abi.encodeCall(pool.bond, (account, amount));
            bytes memory closed = abi.encodeWithSelector(Closable.ClosablePaused.selector, address(pool));
            return refuses(address(this), address(pool), call, closed);
        }
        pool.bond(account, amount);
    }

    /// @notice 17: what is free may leave, paused or not; of a provider while its hands do not change.
    function exit(uint256 choice, uint256 amount) external {
        address account = accountOf(choice);
        uint256 free = freeOf(account);
        amount = amount % (free + free / 4 + 1) + 1;
        bytes memory short = abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, free, amount);
        if (choice % 8 < 6) {
            bytes memory own = abi.encodeCall(verifiers.exit, (amount));
            if (amount > free) return refuses(account, address(verifiers), own, short);
            vm.prank(account);
            verifiers.exit(amount);
            return;
        }
        uint256 who = choice % 8 - 6;
        (address owner, address incoming) = (at(owners[who], now_()), latest(owners[who]));
        bytes memory call = abi.encodeCall(providers.exit, (account, amount));
        if (owner != incoming) {
            return refuses(
                owner,
                address(providers),
                call,
                abi.encodeWithSelector(IProviderRegistry.ProviderRegistryNotOwner.selector, owner, incoming)
            );
        }
        if (amount > free) return refuses(owner, address(providers), call, short);
        vm.prank(owner);
        providers.exit(account, amount);
    }

    /// @notice 6 and 17: an exit is paid when its time has come, paused or not.
    function claimExit(uint256 choice, uint256 id) external {
        address account = accountOf(choice);
        uint256 count = pool.exitCount(account, Tranche.Own);
        if (count == 0) return;
        id %= count;
        ExitStatus memory status = pool.exitStatus(account, Tranche.Own, id);
        if (status.state == ExitState.Released) {
            require(pool.claimExit(account, Tranche.Own, id) == status.value, "6: its worth");
            return;
        }
        refuses(
            address(this),
            address(pool),
            abi.encodeCall(pool.claimExit, (account, Tranche.Own, id)),
            status.state == ExitState.Claimed
                ? abi.encodeWithSelector(IStakePool.StakePoolNoExit.selector, account, id)
                : abi.encodeWithSelector(IStakePool.StakePoolTooEarly.selector, block.timestamp, status.release)
        );
    }

    /// @notice What a court may do to anybody's stake.
    function slash(uint256 choice, uint256 wad) external {
        vm.prank(address(penalties));
        pool.slash(accountOf(choice), wad % 0.3e18, "cause");
    }

    /// @notice The six verifiers and the two providers.
    function accountOf(uint256 choice) internal view returns (address) {
        return choice % 8 < 6 ? crew[choice % 8] : provider(choice % 8 - 6);
    }

    /* GOVERNANCE */

    /// @notice 25: windows change from two epochs ahead on.
    function setWindows(uint256 choice) external {
        uint64 need = now_() + 2 > windowsFrom ? now_() + 2 : windowsFrom;
        Windows memory windows = windowsOf(choice);
        refuses(
            address(this),
            address(clock),
            abi.encodeCall(clock.setWindows, (need - 1, windows)),
            abi.encodeWithSelector(IEpochClock.EpochClockTooEarly.selector, need - 1, need)
        );
        windowsFrom = need + uint64(mix(choice, 1) % 3);
        clock.setWindows(windowsFrom, windows);
    }

    /// @notice 17: governance closes the pool, or opens it again.
    function pause(uint256 choice) external {
        paused = choice % 4 == 0;
        manager.setTargetClosed(address(pool), paused);
    }

    function unauthorized() internal pure returns (bytes4) {
        return IAccessManaged.AccessManagedUnauthorized.selector;
    }

    /* INVARIANTS */

    function checkMarket() internal view {
        for (uint256 who = 0; who < 2; ++who) {
            uint256 bonded = 0;
            for (uint256 i = 0; i < RECORDS; ++i) if (holderOf(i) == who) bonded += bondedOf(i);
            eq(book.totalBonded(provider(who)), bonded, "10: what promises bind");
            eq(pool.locked(provider(who)), bonded, "10: is locked");
        }
        for (uint256 i = 0; i < crew.length; ++i) {
            eq(verifiers.ticketsOf(crew[i]), held[crew[i]], "tickets");
            eq(pool.locked(crew[i]), held[crew[i]] * TICKET, "and their stake");
        }
        for (uint64 e = noted > 4 ? noted - 4 : 0; e < noted; ++e) {
            eq(keccak256(abi.encode(clock.times(e))), timesOf[e], "25: what has begun keeps its times");
        }
    }

    function bondedOf(uint256 i) private view returns (uint256 bonded) {
        for (uint256 p = 0; p < promises[i].length; ++p) {
            if (!promises[i][p].released) bonded += bondOf(promises[i][p]);
        }
    }
}
