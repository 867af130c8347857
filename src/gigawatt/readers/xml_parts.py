"""XML files of any length as a stream of the root's children; names are without their namespace.

Entities are what makes a small XML file a large one, and none of the formats that we read has any: a file with a
document type declaration, which alone can define them, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import opened
from gigawatt.readers.readings import Rejected

CHUNK_BYTES = 65_536
MOST_DEPTH = 40
# Elements of one child of the root: a year of quarter-hours, six elements each, and more.
MOST_ELEMENTS = 400_000


@dataclass(slots=True, kw_only=True)
class XmlPart:
    """An element: its name, the line that it starts on, its text, its attributes, and the elements within it."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    parts: list[XmlPart] = field(default_factory=list)

    def each(self, *path: str) -> Iterator[XmlPart]:
        """The elements that a path of names leads to."""
        if not path:
            yield self
            return
        for part in self.parts:
            if part.name == path[0]:
                yield from part.each(*path[1:])

    def words(self, *path: str) -> str:
        """The text of the first element that a path of names leads to; "" where there is none."""
        return next((part.text.strip() for part in self.each(*path)), "")


def xml_parts(file: Path, root: str, expected: str) -> Iterator[XmlPart | Rejected]:
    """The children of the root element in the order of the file; where the file breaks, one refusal says so.

    expected: what the file should be, in words. Raises CatalogError where it is no XML, has another root or declares a
    document type.
    """
    build = _Build(file=file, root=root, expected=expected)
    with opened(file, "XML file") as stream:
        chunk = stream.read(CHUNK_BYTES)
        while True:
            broken = build.feed(chunk)
            yield from build.finished
            build.finished.clear()
            if broken:
                yield broken
            if broken or not chunk:
                return
            chunk = stream.read(CHUNK_BYTES)


class _Build:
    """What of a document has been read: the elements that are open, and the children of the root that are finished."""

    def __init__(self, *, file: Path, root: str, expected: str) -> None:
        self.file, self.root, self.expected = file, root, expected
        self.open: list[XmlPart] = []
        self.finished: list[XmlPart] = []
        self.begun = False
        self.elements_count = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.declare
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.add_text

    def feed(self, chunk: bytes) -> Rejected | None:
        """Reads on, to the end where there is no more; what broke there."""
        try:
            self.parser.Parse(chunk, not chunk)
        except (expat.ExpatError, LookupError, ValueError) as error:
            if not self.begun:
                raise self.refusal(str(error)) from None
            reason = f"the XML breaks off here, and nothing after it is read: {error}"
            return Rejected(line=self.parser.CurrentLineNumber, reason=reason)
        return None

    def refusal(self, given: str) -> CatalogError:
        return CatalogError([Fault(path=str(self.file), given=given, expected=self.expected)])

    def declare(self, *_: object) -> None:
        raise self.refusal("a document type declaration (<!DOCTYPE …>), which none of these files has")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        part = XmlPart(name=name.rpartition(":")[2], line=self.parser.CurrentLineNumber, attributes=attributes)
        if not self.begun and part.name != self.root:
            raise self.refusal(f"the root element {part.name}")
        self.begun = True
        self.elements_count += 1
        if len(self.open) > MOST_DEPTH or self.elements_count > MOST_ELEMENTS:
            raise ValueError(f"elements {MOST_DEPTH} deep, or more than {MOST_ELEMENTS:,} in one")
        if len(self.open) > 1:
            self.open[-1].parts.append(part)
        self.open.append(part)

    def end(self, _: str) -> None:
        part = self.open.pop()
        if len(self.open) == 1:
            self.finished.append(part)
            self.elements_count = 0

    def add_text(self, text: str) -> None:
        if len(self.open) > 1:
            self.open[-1].text += text
