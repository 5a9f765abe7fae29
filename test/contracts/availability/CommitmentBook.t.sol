// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Commitment, ICommitmentBook} from "../../../contracts/availability/ICommitmentBook.sol";
import {IStakePool} from "../../../contracts/stake/IStakePool.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

contract CommitmentBookTest is System {
    address private constant STRANGER = address(0xBAD);

    function setUp() public override {
        super.setUp();
        registerModel(MODEL);
        registerProvider(PROVIDER, OPERATOR, 2 * BONDED);
    }

    function test_FieldsAfterCommit() public {
        uint256 index = promiseFor(2, 9);
        eq(index, 0, "index");
        eq(book.count(PROVIDER, MODEL), 1, "count");
        eq(book.totalBonded(PROVIDER), BONDED, "bonded");
        eq(pool.locked(PROVIDER), BONDED, "locked");
        eq(book.bondedFor(CAPACITY, PRICE), BONDED, "bondedFor");
        Commitment memory made = book.commitment(PROVIDER, MODEL, 0);
        eq(made.target, TARGET, "target");
        eq(made.latencyMs, 2000, "latency");
        eq(made.capacity, CAPACITY, "capacity");
        eq(made.unitPrice, PRICE, "price");
        eq(made.firstEpoch, 2, "first");
        eq(made.lastEpoch, 9, "last");
        require(!made.released, "not released");
    }

    function test_Lookups() public {
        promiseFor(2, 4);
        promiseFor(8, 9);
        _expectAt(1, false, 0);
        _expectAt(2, true, 0);
        _expectAt(4, true, 0);
        _expectAt(5, false, 0);
        _expectAt(8, true, 1);
        _expectAt(10, false, 0);
        _expectNext(0, true, 2);
        _expectNext(3, true, 3);
        _expectNext(5, true, 8);
        _expectNext(9, true, 9);
        _expectNext(10, false, 0);
    }

    /// @dev The lookup by halving equals a walk over all promises.
    function testFuzz_LookupEqualsScan(uint256 seed, uint64 epoch) public {
        uint32 from = 2;
        asset.mint(PROVIDER, 20 * BONDED);
        vm.startPrank(PROVIDER);
        asset.approve(address(pool), 20 * BONDED);
        pool.bond(PROVIDER, 20 * BONDED);
        for (uint256 i = 0; i < 8; ++i) {
            uint32 first = from + uint32((seed >> (8 * i)) % 4);
            uint32 last = first + uint32((seed >> (8 * i + 4)) % 5);
            book.commit(PROVIDER, MODEL, TARGET, 1, CAPACITY, PRICE, first, last);
            from = last + 1;
        }
        vm.stopPrank();
        epoch = epoch % 90;
        (bool found, uint256 index,) = book.commitmentAt(PROVIDER, MODEL, epoch);
        bool wanted = false;
        for (uint256 i = 0; i < 8; ++i) {
            Commitment memory made = book.commitment(PROVIDER, MODEL, i);
            if (made.firstEpoch <= epoch && epoch <= made.lastEpoch) {
                wanted = true;
                eq(index, i, "index");
            }
        }
        require(found == wanted, "found");
    }

    function test_Refusals() public {
        vm.startPrank(PROVIDER);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookUnknownModel.selector, bytes32(uint256(1))));
        book.commit(PROVIDER, bytes32(uint256(1)), TARGET, 1, 1, 1, 2, 3);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookBadTarget.selector, 0, 999_000_000));
        book.commit(PROVIDER, MODEL, 0, 1, 1, 1, 2, 3);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookBadTarget.selector, 999_000_001, 999_000_000));
        book.commit(PROVIDER, MODEL, 999_000_001, 1, 1, 1, 2, 3);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookZeroTerm.selector));
        book.commit(PROVIDER, MODEL, TARGET, 0, 1, 1, 2, 3);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookZeroTerm.selector));
        book.commit(PROVIDER, MODEL, TARGET, 1, 0, 1, 2, 3);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookZeroTerm.selector));
        book.commit(PROVIDER, MODEL, TARGET, 1, 1, 0, 2, 3);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookEmptyRange.selector, 3, 2));
        book.commit(PROVIDER, MODEL, TARGET, 1, 1, 1, 3, 2);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookTooEarly.selector, 1, 2));
        book.commit(PROVIDER, MODEL, TARGET, 1, 1, 1, 1, 2);
        vm.stopPrank();

        promiseFor(2, 5);
        vm.startPrank(PROVIDER);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookTooEarly.selector, 5, 6));
        book.commit(PROVIDER, MODEL, TARGET, 1, 1, 1, 5, 6);
        uint256 free = BONDED;
        _refuse(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, free, 2 * BONDED));
        book.commit(PROVIDER, MODEL, TARGET, 1, 2 * CAPACITY, PRICE, 6, 6);
        vm.stopPrank();

        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookNotOwner.selector, STRANGER, PROVIDER));
        vm.prank(STRANGER);
        book.commit(PROVIDER, MODEL, TARGET, 1, 1, 1, 6, 7);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookNotOwner.selector, address(0), address(0)));
        vm.prank(address(0));
        book.commit(STRANGER, MODEL, TARGET, 1, 1, 1, 6, 7);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookNoPromise.selector, 7, 1));
        book.commitment(PROVIDER, MODEL, 7);
        eq(book.count(PROVIDER, MODEL), 1, "nothing changed");
        eq(pool.locked(PROVIDER), BONDED, "nothing locked");
    }

    /// @notice A seller cannot bind the bond that the buyer takes over.
    function test_TheBuyerPromisesDuringAHandover() public {
        vm.prank(PROVIDER);
        providers.offerOwner(PROVIDER, STRANGER);
        vm.prank(STRANGER);
        providers.acceptOwner(PROVIDER);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookNotOwner.selector, PROVIDER, STRANGER));
        vm.prank(PROVIDER);
        book.commit(PROVIDER, MODEL, TARGET, 1, 1, 1, 2, 3);
        vm.prank(STRANGER);
        book.commit(PROVIDER, MODEL, TARGET, 1, 1, 1, 2, 3);
        eq(book.count(PROVIDER, MODEL), 1, "the buyer's promise");
    }

    function test_BondedByEpoch() public {
        toEpoch(3);
        promiseFor(5, 5);
        promiseFor(6, 9);
        eq(book.totalBondedAt(PROVIDER, 3), 0, "not when 3 began");
        eq(book.totalBondedAt(PROVIDER, 4), 2 * BONDED, "when 4 begins");
        vm.warp(clock.times(5).settleEnd);
        uint64 now_ = clock.current();
        book.release(PROVIDER, MODEL, 0);
        eq(book.totalBondedAt(PROVIDER, now_), 2 * BONDED, "as the epoch began");
        eq(book.totalBondedAt(PROVIDER, now_ + 1), BONDED, "from the next on");
        eq(book.totalBondedAt(PROVIDER, type(uint64).max), BONDED, "as it stands");
        eq(book.totalBonded(PROVIDER), BONDED, "now");
    }

    function test_ReleaseAfterTheLastClose() public {
        promiseFor(2, 3);
        uint256 over = clock.times(3).settleEnd;
        vm.warp(over - 1);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookRunning.selector, over - 1, over));
        book.release(PROVIDER, MODEL, 0);
        vm.warp(over);
        vm.prank(STRANGER);
        book.release(PROVIDER, MODEL, 0);
        eq(pool.locked(PROVIDER), 0, "unlocked");
        eq(book.totalBonded(PROVIDER), 0, "bonded");
        require(book.commitment(PROVIDER, MODEL, 0).released, "released");
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookReleased.selector, 0));
        book.release(PROVIDER, MODEL, 0);
        _refuse(abi.encodeWithSelector(ICommitmentBook.CommitmentBookNoPromise.selector, 1, 1));
        book.release(PROVIDER, MODEL, 1);
        (bool found,,) = book.commitmentAt(PROVIDER, MODEL, 3);
        require(found, "a released promise still tells what was promised");
    }

    function _expectAt(uint64 epoch, bool wanted, uint256 wantedIndex) private view {
        (bool found, uint256 index,) = book.commitmentAt(PROVIDER, MODEL, epoch);
        require(found == wanted, "found");
        eq(index, wantedIndex, "index");
    }

    function _expectNext(uint64 epoch, bool wanted, uint64 wantedNext) private view {
        (bool found, uint64 next,) = book.nextPromised(PROVIDER, MODEL, epoch);
        require(found == wanted, "found");
        eq(next, wantedNext, "next");
    }

    function _refuse(bytes memory why) private {
        vm.expectRevert(why);
    }
}
