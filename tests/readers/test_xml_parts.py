"""XML as a stream of the root's children: what is hostile or broken ends it, in one sentence."""

from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers import xml_parts as module
from gigawatt.readers.readings import Rejected
from gigawatt.readers.xml_parts import XmlPart, xml_parts


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "a.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(path: Path) -> list[XmlPart | Rejected]:
    return list(xml_parts(path, "root", "a document"))


def test_children_come_whole_with_lines_and_without_namespaces(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0"?>\n<n:root xmlns:n="u">\n<n:a x="1"><b>1</b>\n<b>\n<c> deep </c></b></n:a>z<d/></n:root>'
    )
    first, second = read(write(tmp_path, text))
    assert isinstance(first, XmlPart)
    assert isinstance(second, XmlPart)
    assert (first.name, first.line, first.attributes) == ("a", 3, {"x": "1"})
    assert [part.line for part in first.each("b")] == [3, 4]
    assert (first.words("b"), first.words("b", "c"), first.words("b", "none")) == ("1", "deep", "")
    assert (second.name, second.parts) == ("d", [])


def test_entities_are_refused_before_any_is_made(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    text = f'<?xml version="1.0"?><!DOCTYPE root [<!ENTITY l0 "ha">{entities}]><root><a>&l8;</a></root>'
    with pytest.raises(CatalogError, match="a document type declaration"):
        read(write(tmp_path, text))
    with pytest.raises(CatalogError, match="a document type declaration"):
        read(write(tmp_path, text.replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16")))


def test_an_outside_entity_is_refused(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret").rename(tmp_path / "secret.txt")
    text = f'<!DOCTYPE root [<!ENTITY x SYSTEM "{secret.as_uri()}">]><root><a>&x;</a></root>'
    with pytest.raises(CatalogError, match="a document type declaration"):
        read(write(tmp_path, text))


@pytest.mark.parametrize(
    "text", ["", "{}", "<other/>", '<?xml version="1.0" encoding="none"?><root/>', "<root", "\x00"]
)
def test_what_is_no_such_document_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogError, match="expected a document"):
        read(write(tmp_path, text))


@pytest.mark.parametrize("end", ["<c><b>3", "<c></d>", "&x;", "</root><more/>"])
def test_what_breaks_off_keeps_what_came_before(tmp_path: Path, end: str) -> None:
    first, second, broken = read(write(tmp_path, f"<root><a/>\n<b/>\n{end}"))
    assert isinstance(first, XmlPart)
    assert isinstance(second, XmlPart)
    assert isinstance(broken, Rejected)
    assert (broken.line, broken.reason.partition(":")[0]) == (
        3,
        "the XML breaks off here, and nothing after it is read",
    )


def test_no_element_is_deeper_or_larger_than_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(read(write(tmp_path, f"<root>{'<a>' * 1_000}"))[-1], Rejected)
    monkeypatch.setattr(module, "MOST_ELEMENTS", 5)
    assert not [
        item for item in read(write(tmp_path, f"<root>{'<a><b/></a>' * 20}</root>")) if isinstance(item, Rejected)
    ]
    assert isinstance(read(write(tmp_path, f"<root><a>{'<b/>' * 20}</a></root>"))[-1], Rejected)
