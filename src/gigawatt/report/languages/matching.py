"""Which message a text was made of: patterns of messages with holes, found by their words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

HOLE = re.compile(r"\{(\d+)\}")
_WORD = re.compile(r"\w+")
# Ways to fill the holes of a message that are tried, where words between them stand in a text more than once.
MOST_WAYS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A message with holes: what stands between them, which hole is where, and what it is in another language."""

    literals: tuple[str, ...]
    holes: tuple[int, ...]
    said: str
    size: int

    def ways(self, text: str) -> Iterator[dict[int, str]]:
        """What its holes hold in a text, in each way that there is, up to a few."""
        first, last = self.literals[0], self.literals[-1]
        if text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last):
            inner = text[len(first) : len(text) - len(last)]
            for n, parts in enumerate(_parts(inner, self.literals[1:-1])):
                held = dict[int, str]()
                if all(held.setdefault(hole, part) == part for hole, part in zip(self.holes, parts, strict=True)):
                    yield held
                if n >= MOST_WAYS:
                    return


def _parts(text: str, joints: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """A text cut at each of some joints in turn; holes that touch are cut at the ends of words."""
    if not joints:
        yield (text,)
        return
    joint, rest = joints[0], joints[1:]
    for start, end in _found(text, joint):
        for parts in _parts(text[end:], rest):
            yield (text[:start], *parts)


def _found(text: str, joint: str) -> Iterator[tuple[int, int]]:
    if joint:
        at = text.find(joint)
        while at >= 0:
            yield at, at + len(joint)
            at = text.find(joint, at + 1)
        return
    yield len(text), len(text)
    yield 0, 0
    yield from ((at, at) for at in range(1, len(text)) if not (text[at - 1].isalnum() and text[at].isalnum()))


def pattern(message: str, said: str) -> Pattern:
    """A message with holes as a pattern."""
    parts = HOLE.split(message)
    literals, holes = tuple(_plain(part) for part in parts[::2]), tuple(map(int, parts[1::2]))
    return Pattern(literals=literals, holes=holes, said=said, size=sum(map(len, literals)))


def filled(said: str, held: Mapping[int, str]) -> str:
    """What is said, with its holes filled."""
    parts = HOLE.split(said)
    return "".join(held.get(int(part), "") if n % 2 else _plain(part) for n, part in enumerate(parts))


def _plain(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageIndex:
    """Patterns by the rarest of their whole words; those that have none."""

    by_word: Mapping[str, Sequence[tuple[frozenset[str], Pattern]]]
    others: Sequence[tuple[frozenset[str], Pattern]]

    def candidates(self, text: str) -> list[Pattern]:
        """Patterns of which a text has every whole word, those with most letters first."""
        words = frozenset(_WORD.findall(text))
        found = [one for word in words for needed, one in self.by_word.get(word, ()) if needed <= words]
        found += [one for _, one in self.others]
        return sorted(found, key=lambda one: -one.size)


def index(patterns: Iterable[Pattern]) -> MessageIndex:
    """An index of patterns."""
    kept = [(_whole_words(one), one) for one in patterns]
    often = Counter(word for words, _ in kept for word in words)
    by_word, others = defaultdict[str, list[tuple[frozenset[str], Pattern]]](list), []
    for words, one in kept:
        if words:
            by_word[min(sorted(words), key=lambda word: often[word])].append((words, one))
        else:
            others.append((words, one))
    return MessageIndex(by_word=by_word, others=others)


def _whole_words(one: Pattern) -> frozenset[str]:
    """Words of a pattern that no hole touches."""
    found = set[str]()
    for n, literal in enumerate(one.literals):
        for word in _WORD.finditer(literal):
            touches = (n > 0 and word.start() == 0) or (n + 1 < len(one.literals) and word.end() == len(literal))
            found |= set() if touches else {word[0]}
    return frozenset(found)
