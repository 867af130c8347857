"""Who says a text of the program in another language: message by message, what holes hold said in turn.

A text is said as the message that it is; else as one with holes that it was made of; else sentence by sentence, or part
by part of a list; else it stands, with its figures as the language writes them. Names are no messages, and stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from gigawatt.report.languages import figures
from gigawatt.report.languages.matching import HOLE, MessageIndex, filled, index, pattern

# The language of the code, in which every message is said as it stands.
CODE = "en"
# Texts within texts that are looked into, and what is remembered of those said before.
MOST_DEPTH, MOST_KEPT_COUNT = 8, 50_000
# Words in small letters that a name may have: "Assumed US campus A", "Gas turbines, combined cycle".
MOST_NAME_COUNT = 2
# Texts within one text that are looked into at most: what somebody else wrote may be cut in very many ways.
MOST_TEXTS_COUNT = 10_000
# What joins the parts of a text, and what it is in the language; tried in this order.
JOINTS = ("; ", " · ", ": ", " – ", ", ", " and ", " or ", " × ", " / ")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[A-Z\d“\"`])")
_BRACKETS = re.compile(r"(.*?)(\s?)\(([^()]*)\)(.*)")
_NUMBER = r"[−+<>≤≥~–\-]?\s?\d[\d.,]*(?:e\d+)?"
_AHEAD = re.compile(rf"({_NUMBER}(?:(?:–| to ){_NUMBER})?)(\s?)([^\W\d_].*|[%×°/].*)")
_PERCENT = re.compile(rf"({_NUMBER}\s?%)(\s)([^\W\d_].*)")
_BEHIND = re.compile(rf"(.*[^\d\s])(\s)({_NUMBER}(?:\s?[^\d]+)?)")
# Words of small letters are what another language says otherwise; others are names and units.
_LOWER = re.compile(r"(?<![\w./_=`'-])[a-z]{2,}(?![\w_=/-]|[.]\w)|(?<![\w./_=`'-])a(?=\s)")
_CAPITAL = re.compile(r"\b[A-Z][a-z]+\b")
_RATE = re.compile(r"(?<=[%A-Z]/)(?:year|day|month|quarter)\b")
_APART = re.compile(r"`[^`]*`|https?://\S+|\"[^\"]*\"")
_UNITS = re.compile(r"\b(kg|ms|mm|cm|km|h|min|g|t|l|vs|sm|it|nodes?|px)\b")
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Told:
    """A text in another language, and what of it no message had."""

    text: str
    left: tuple[str, ...] = ()
    words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A language: its messages, those with holes by their words, and what was said before."""

    exact: dict[str, str]
    known: frozenset[str]
    patterns: MessageIndex
    kept: dict[str, Told] = field(default_factory=dict)

    def say(self, text: str) -> str:
        """A text in this language."""
        return self.told(text).text

    def left(self, text: str) -> tuple[str, ...]:
        """What of a text no message says."""
        return self.told(text).left

    def fill(self, message: str, *given: object) -> str:
        """A message with what its holes hold, which is said already; figures as this language writes them."""
        held = {n: figures.told(str(one)) if isinstance(one, float) else str(one) for n, one in enumerate(given)}
        numbered = numbered_holes(message)
        return filled(self.exact.get(numbered, numbered), held) if given else self.say(message)

    def told(self, text: str, depth: int = 0, room: list[int] | None = None) -> Told:
        """A text in this language, and what of it is left. room: how many texts within it may still be looked into."""
        found = self.kept.get(text)
        if found is None:
            room = [MOST_TEXTS_COUNT] if room is None else room
            room[0] -= 1
            found = self._told(text, depth, room)
            if len(self.kept) >= MOST_KEPT_COUNT:
                self.kept.clear()
            if depth < MOST_DEPTH and room[0] > 0:
                self.kept[text] = found
        return found

    def _told(self, text: str, depth: int, room: list[int]) -> Told:
        if "\n" in text:
            same = self.exact.get(" ".join(text.split()))
            return Told(same) if same else _joined([self.told(line, depth, room) for line in text.split("\n")], "\n")
        bare = text.strip()
        if not _LETTERS.search(bare):
            return Told(figures.told(text))
        if bare != text:
            inner, at = self.told(bare, depth, room), text.index(bare)
            return Told(f"{text[:at]}{inner.text}{text[at + len(bare) :]}", inner.left, inner.words)
        same = self._same(text)
        if same is not None:
            return Told(same)
        best = self._as_is(text)
        if not best.words or depth >= MOST_DEPTH or room[0] <= 0:
            return best
        sentences = _SENTENCE.split(text)
        if len(sentences) > 1:
            best = min(
                best, _joined([self.told(part, depth + 1, room) for part in sentences], " "), key=lambda one: one.words
            )
        most = best.words // 2
        for found in self._ways(text, depth + 1, room):
            if found.words < best.words and found.words <= most:
                best = found
            if not best.words:
                break
        return best

    def _as_is(self, text: str) -> Told:
        """A text that no message is: names and units stand; words in small letters are left, and it is not touched."""
        outside = "".join(_APART.split(text)) if _APART.search(text) else text
        words = _LOWER.findall(_UNITS.sub("", outside))
        named = sum(word in self.exact for word in _CAPITAL.findall(outside))
        written = text if len(words) > MOST_NAME_COUNT else figures.told(self._rated(text))
        return Told(written, (text,) if words else (), len(words) + named)

    def _rated(self, text: str) -> str:
        """A text with the time of its rates said: "7 %/year"."""
        return _RATE.sub(lambda found: self.exact.get(found[0], found[0]), text)

    def _same(self, text: str) -> str | None:
        """The very message, whichever way its first letter is written."""
        found = self.exact.get(text)
        if found is None and text[0].isalpha():
            first = text[0].lower() if text[0].isupper() else text[0].upper()
            other = self.exact.get(first + text[1:])
            if other:
                found = (other[0].upper() if text[0].isupper() else other[0].lower()) + other[1:]
        return found

    def _ways(self, text: str, depth: int, room: list[int]) -> Iterator[Told]:
        """What a text may be, likeliest first."""
        if text[-1] in ".:" and len(text) > 1:
            bare = self.told(text[:-1], depth, room)
            yield Told(f"{bare.text}{text[-1]}", bare.left, bare.words)
        yield from self._figured(text, depth, room)
        for one in self.patterns.candidates(text):
            for held in one.ways(text):
                parts = {hole: self.told(part, depth, room) for hole, part in held.items()}
                said = filled(one.said, {hole: part.text for hole, part in parts.items()})
                yield Told(said, *_left(list(parts.values())))
        yield from self._listed(text, depth, room)

    def _figured(self, text: str, depth: int, room: list[int]) -> Iterator[Told]:
        """A figure with its unit, or behind a word."""
        for ahead in filter(None, (_AHEAD.fullmatch(text), _PERCENT.fullmatch(text))):
            rest = self.told(ahead[3], depth, room)
            number = figures.swapped(ahead[1].replace(" to ", f" {self.exact.get('to', 'to')} "))
            yield Told(f"{number}{ahead[2]}{rest.text}", rest.left, rest.words)
        behind = _BEHIND.fullmatch(text)
        if behind is not None:
            yield _joined([self.told(behind[1], depth, room), self.told(behind[3], depth, room)], behind[2])

    def _listed(self, text: str, depth: int, room: list[int]) -> Iterator[Told]:
        """The parts of a list, and what stands in brackets."""
        for joint in JOINTS:
            if joint in text:
                parts = [self.told(part, depth, room) for part in text.split(joint)]
                word = joint.strip()
                yield _joined(parts, joint.replace(word, self.exact.get(word) or word))
                for before, _, after in (text.partition(joint), text.rpartition(joint)):
                    yield _joined([self.told(before, depth, room), self.told(after, depth, room)], joint)
        brackets = _BRACKETS.fullmatch(text)
        if brackets is not None:
            parts = [self.told(brackets[n], depth, room) if brackets[n] else Told("") for n in (1, 3, 4)]
            texts = [part.text for part in parts]
            yield Told(f"{texts[0]}{brackets[2]}({texts[1]}){texts[2]}", *_left(parts))


def numbered_holes(message: str) -> str:
    """A message with its holes numbered: "{} of {}" is "{0} of {1}"."""
    count = iter(range(message.count("{}")))
    return re.sub(r"\{\}", lambda _: f"{{{next(count)}}}", message)


def _joined(parts: list[Told], joint: str) -> Told:
    return Told(joint.join(part.text for part in parts), *_left(parts))


def _left(parts: list[Told]) -> tuple[tuple[str, ...], int]:
    return tuple(text for part in parts for text in part.left), sum(part.words for part in parts)


@cache
def speech(language: str) -> Speech:
    """Who says texts in a language. Raises FileNotFoundError for one that has no catalogue."""
    from babel.messages.pofile import read_po

    with files("gigawatt.report.languages").joinpath(f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    messages = {str(one.id): str(one.string) for one in catalogue if one.id}
    said = dict[str, str]()
    for text, other in messages.items():
        if other or language == CODE:
            said |= {bare: shown for bare, shown in _bared(text, other or text) if bare not in messages}
            said[text] = other or text
    holed = (pattern(text, other) for text, other in said.items() if HOLE.search(text))
    return Speech(exact=said, known=frozenset(messages), patterns=index(holed))


def _bared(text: str, other: str) -> Iterator[tuple[str, str]]:
    """A part of a sentence without what joins it to the rest; what is told by the gigawatt, of a smaller programme."""
    if "GW-year" in text:
        yield text.replace("GW-year", "MW-year"), other.replace("GW", "MW")
    for cut in (str.rstrip, str.lstrip):
        bare, shown = cut(text, " ;:,"), cut(other, " ;:,")
        if bare != text:
            yield bare, shown
