"""A chain that somebody who can write to the registry has touched, and what is found of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from model.audit.anchors import Anchor
from model.audit.block import FIRST, Block, id_of, seal_of, sealed
from model.audit.check import SHORTENED, ChainCheck, Tampering, Unread, check_chain
from model.audit.entry import ActorKind, Entry, pseudonym
from model.trust.tombstone import TombstoneKey

KEY = TombstoneKey(b"the data key")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def entry(number: int, action: str = "student opened") -> Entry:
    student = pseudonym(f"RA-{number}", KEY)
    return Entry(NOW, "t", "ana", ActorKind.PERSON, action, student, source="10.0.0.3")


def chain(
    length: int = 6, *, first: tuple[Block, ...] = (), key: TombstoneKey = KEY
) -> list[Block]:
    blocks = list(first)
    for number in range(len(first) + 1, length + 1):
        blocks.append(sealed(
            [entry(number), entry(number + 100)], task="t", number=number, batch=f"b{number}",
            previous=blocks[-1].seal if blocks else FIRST, at=NOW + number * MINUTE, key=key,
        ))  # fmt: skip
    return blocks


def anchor(block: Block) -> Anchor:
    return Anchor(block.sealed_at + timedelta(seconds=20), "t", block.number, block.seal)


def check(blocks: list[Block | Unread], *anchors: Anchor) -> ChainCheck:
    return check_chain("t", sorted(blocks, key=lambda one: one.number), anchors, KEY)


def found(checked: ChainCheck) -> list[tuple[str, tuple[int, int]]]:
    return [(one.what.name, one.numbers) for one in checked.findings]


def altered(block: Block, **changes: object) -> Block:
    first, *others = block.entries
    return replace(block, entries=(replace(first, **changes), *others))  # type: ignore[arg-type]


def at(number: int, change: Callable[[Block], Block]) -> Callable[[list[Block]], list[Block]]:
    return lambda blocks: [change(one) if one.number == number else one for one in blocks]


def renumbered(block: Block, number: int) -> Block:
    return replace(block, number=number, block_id=id_of("t", number))


def exchanged(blocks: list[Block]) -> list[Block]:
    a, b, c, d, *others = blocks
    return [a, renumbered(c, 2), renumbered(b, 3), d, *others]


def forged(blocks: list[Block]) -> list[Block]:
    """Whoever has another key chains on as if it were the right one."""
    return chain(len(blocks) + 1, first=tuple(blocks), key=TombstoneKey(b"another"))


Touch = Callable[[list[Block]], list[Block]]

TOUCHED: dict[str, tuple[Touch, list[tuple[str, tuple[int, int]]]]] = {
    "another actor": (at(3, lambda b: altered(b, actor="bia")), [("ALTERED", (3, 3))]),
    "another moment": (at(3, lambda b: altered(b, at=NOW + MINUTE)), [("ALTERED", (3, 3))]),
    "another student": (at(3, lambda b: altered(b, subject="x")), [("ALTERED", (3, 3))]),
    "another task": (at(3, lambda b: altered(b, task="u")), [("ALTERED", (3, 3))]),
    "another place": (at(3, lambda b: altered(b, source="")), [("ALTERED", (3, 3))]),
    "a detail more": (at(3, lambda b: altered(b, detail="x")), [("ALTERED", (3, 3))]),
    "an entry removed": (
        at(3, lambda b: replace(b, entries=b.entries[1:])), [("ALTERED", (3, 3))],
    ),
    "an entry inserted": (
        at(3, lambda b: replace(b, entries=(*b.entries, entry(9)))), [("ALTERED", (3, 3))],
    ),
    "entries turned round": (
        at(3, lambda b: replace(b, entries=b.entries[::-1])), [("ALTERED", (3, 3))],
    ),
    "the moment of a block": (
        at(3, lambda b: replace(b, sealed_at=NOW)), [("ALTERED", (3, 3))],
    ),
    "a block removed": (lambda bs: [*bs[:2], *bs[3:]], [("REMOVED", (3, 3))]),
    "several removed": (lambda bs: [bs[0], *bs[4:]], [("REMOVED", (2, 4))]),
    "the first removed": (lambda bs: bs[2:], [("REMOVED", (1, 2))]),
    "two exchanged": (exchanged, [("ALTERED", (2, 3))]),
    "one inserted beside another": (
        lambda bs: [*bs, replace(bs[2], block_id="t#x")], [("ALTERED", (3, 3))],
    ),
    "one inserted at the end": (forged, [("ALTERED", (7, 7))]),
    "one closed up": (
        lambda bs: [*bs[:2], *(renumbered(b, b.number - 1) for b in bs[3:])],
        [("ALTERED", (3, 5)), ("CUT", (6, 6))],
    ),
    "the end removed": (lambda bs: bs[:4], [("CUT", (5, 6))]),
    "everything removed": (lambda bs: [], [("CUT", (1, 6))]),
    "the end removed and written on": (
        lambda bs: chain(7, first=(*bs[:4], sealed(
            [entry(77)], task="t", number=5, batch="b", previous=bs[3].seal, at=NOW, key=KEY
        ))),
        [("REWRITTEN", (6, 6))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TOUCHED)
def test_whatever_is_done_to_a_chain_is_found(what: str) -> None:
    touch, expected = TOUCHED[what]
    blocks = chain()

    assert found(check([*touch(blocks)], anchor(blocks[5]))) == expected


def test_a_chain_as_it_was_written_is_whole_and_says_how_far_it_is_held() -> None:
    blocks = chain()

    checked = check([*blocks], anchor(blocks[1]), anchor(blocks[3]))

    assert checked.findings == ()
    assert (checked.blocks, checked.entries, checked.head) == (6, 12, blocks[5])
    assert checked.anchored == anchor(blocks[3])


def test_a_rewriting_is_found_though_the_new_block_was_anchored_since() -> None:
    blocks = chain()
    anew = sealed(
        [entry(77)], task="t", number=6, batch="b", previous=blocks[4].seal, at=NOW, key=KEY
    )

    assert found(check([*blocks[:5], anew], anchor(blocks[5]), anchor(anew))) == [
        ("REWRITTEN", (6, 6))
    ]


def test_a_finding_lies_between_the_moments_of_the_blocks_that_hold() -> None:
    blocks = chain()

    (gap,) = check([*blocks[:2], *blocks[4:]]).findings
    (cut,) = check([*blocks[:4]], anchor(blocks[5])).findings

    assert (gap.after, gap.before) == (NOW + 2 * MINUTE, NOW + 5 * MINUTE)
    assert (cut.after, cut.before) == (NOW + 4 * MINUTE, None)


def test_a_document_that_is_no_block_is_found() -> None:
    blocks = chain()

    assert found(check([*blocks[:2], Unread("t#3", 3), *blocks[3:]])) == [("UNREADABLE", (3, 3))]


def test_blocks_removed_for_their_age_are_missed_unless_the_chain_says_so() -> None:
    blocks = chain()
    told = replace(entry(0, SHORTENED), kind=ActorKind.WORKER, subject="3")
    end = sealed([told], task="t", number=7, batch="s", previous=blocks[-1].seal, at=NOW, key=KEY)
    said = replace(told, kind=ActorKind.PERSON)

    assert check([*blocks[3:], end]).findings == ()
    assert found(check([*blocks[4:], end])) == [("REMOVED", (1, 4))]
    assert found(check([*blocks[3:], replace(end, entries=(said,))])) == [
        ("REMOVED", (1, 3)), ("ALTERED", (7, 7)),
    ]  # fmt: skip


def test_no_pseudonym_is_ever_a_seal_and_no_seal_is_made_without_the_key() -> None:
    block = chain(1)[0]

    assert block.seal == seal_of(block, KEY) != seal_of(block, TombstoneKey(b"other"))
    assert KEY.of("farol audit trail") not in {block.seal, seal_of(block, KEY)}


def test_every_kind_of_tampering_has_words_of_its_own() -> None:
    assert len({one.value for one in Tampering}) == len(Tampering)
