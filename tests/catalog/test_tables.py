"""The reader of catalog tables: text to SI, evidence beside numbers, and every kind of mistake told with its path."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.catalog.load import read_file
from gigawatt.catalog.records import Accelerator, Evidence, Model, Source
from gigawatt.catalog.tables import Reader, keys_of, read_record, read_sources, read_toml
from gigawatt.errors import CatalogError, Fault
from gigawatt.files import MOST_TABLE_BYTES
from gigawatt.quarters import Course

PART = """
name = "Example part"
vendor = "Example"
architecture = "example"
first_ship = "2026-07-01"
grade = "vendor"
source = "sheet"
packages_per_rack = 8
dies_per_package = 2
scale_up_packages = 8
fp8 = "5 PFLOPS"
hbm_capacity = "288 GB"
hbm_bandwidth = "8 TB/s"
scale_up_bandwidth = "900 GB/s"
nic_bandwidth = "50 GB/s"
rack_power = { value = "14 kW", low = "12 kW", high = "15 kW", grade = "press", source = "blog", note = "nameplate" }

[sources.sheet]
url = "https://example.org/sheet"
date = "2026-01-01"

[sources.blog]
url = "https://example.org/blog"
date = "2026-02-01"
title = "A blog"
"""


def write(folder: FilePath, text: str, name: str = "part.toml") -> FilePath:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def changed(old: str, new: str) -> str:
    assert PART.count(old) == 1
    return PART.replace(old, new)


def faults_of(file: FilePath, cls: type = Accelerator) -> dict[str, Fault]:
    """Faults by path; the file's name, which every path starts with, is taken off."""
    with pytest.raises(CatalogError) as caught:
        read_file(cls, file)
    assert len({fault.path for fault in caught.value.faults}) == len(caught.value.faults)
    return {fault.path.removeprefix(f"{file.name}: "): fault for fault in caught.value.faults}


class TestReading:
    def test_text_becomes_si_and_evidence_stands_beside_it(self, tmp_path: FilePath) -> None:
        part = read_file(Accelerator, write(tmp_path, PART))
        assert part.id == "part"
        assert (part.packages_per_rack_count, part.fp8_flops, part.rack_power_w) == (8, 5e15, 14e3)
        blog = Source(url="https://example.org/blog", date="2026-02-01", title="A blog")
        assert part.evidence["rack_power_w"] == Evidence(
            grade="press", source=blog, low=12e3, high=15e3, note="nameplate"
        )
        assert part.evidence["hbm_bandwidth_bytes_per_s"].grade == "vendor"
        assert part.evidence["fp8_flops"].source == Source(url="https://example.org/sheet", date="2026-01-01")

    def test_what_is_not_stated_is_none_and_without_evidence(self, tmp_path: FilePath) -> None:
        part = read_file(Accelerator, write(tmp_path, PART))
        assert part.bf16_flops is None
        assert "bf16_flops" not in part.evidence

    def test_an_assumed_number_takes_no_source_from_its_table(self, tmp_path: FilePath) -> None:
        text = changed('fp8 = "5 PFLOPS"', 'fp8 = { value = "5 PFLOPS", grade = "assumed" }')
        assert read_file(Accelerator, write(tmp_path, text)).evidence["fp8_flops"] == Evidence(grade="assumed")

    def test_an_assumed_number_may_name_what_it_leans_on(self, tmp_path: FilePath) -> None:
        text = changed('fp8 = "5 PFLOPS"', 'fp8 = { value = "5 PFLOPS", grade = "assumed", source = "blog" }')
        source = read_file(Accelerator, write(tmp_path, text)).evidence["fp8_flops"].source
        assert source is not None
        assert source.title == "A blog"

    def test_a_byte_order_mark_and_windows_line_ends_are_read_over(self, tmp_path: FilePath) -> None:
        file = tmp_path / "part.toml"
        file.write_bytes(b"\xef\xbb\xbf" + PART.replace("\n", "\r\n").encode())
        assert read_file(Accelerator, file).fp8_flops == 5e15

    def test_a_key_is_the_field_without_its_suffix(self) -> None:
        keys = keys_of(Accelerator)
        assert keys["rack_power"] == "rack_power_w"
        assert keys["hbm_bandwidth"] == "hbm_bandwidth_bytes_per_s"
        assert "evidence" not in keys


class TestMistakes:
    @pytest.mark.parametrize(
        ("old", "new", "path", "given", "expected"),
        [
            ("rack_power = {", "rack_pover = {", "rack_pover", "{…}", 'did you mean "rack_power"?'),
            ('nic_bandwidth = "50 GB/s"', 'zzz = 1\nnic_bandwidth = "50 GB/s"', "zzz", "1", "one of the keys"),
            ('fp8 = "5 PFLOPS"', 'fp8 = "5 PFLOP"', "fp8", '"5 PFLOP"', "operations per second (TFLOPS"),
            ('fp8 = "5 PFLOPS"', 'fp8 = "five"', "fp8", '"five"', "operations per second"),
            ('fp8 = "5 PFLOPS"', "fp8 = 5e15", "fp8", "5000000000000000.0", "operations per second"),
            ('fp8 = "5 PFLOPS"', "fp8 = true", "fp8", "True", "operations per second"),
            ('fp8 = "5 PFLOPS"', 'fp8 = ["5 PFLOPS"]', "fp8", "['5 PFLOPS']", "operations per second"),
            ('fp8 = "5 PFLOPS"', 'fp8 = { low = "5 PFLOPS" }', "fp8", "{…}", "operations per second"),
            ('fp8 = "5 PFLOPS"', 'fp8 = "-5 PFLOPS"', "fp8", '"-5 PFLOPS"', "not negative"),
            ('fp8 = "5 PFLOPS"', 'fp8 = "nan PFLOPS"', "fp8", '"nan PFLOPS"', "operations per second"),
            ('fp8 = "5 PFLOPS"', 'fp8 = "1e400 PFLOPS"', "fp8", '"1e400 PFLOPS"', "finite"),
            ("dies_per_package = 2", "dies_per_package = nan", "dies_per_package", "nan", "finite"),
            ("dies_per_package = 2", "dies_per_package = inf", "dies_per_package", "inf", "finite"),
            ("dies_per_package = 2", "dies_per_package = -1", "dies_per_package", "-1", "not negative"),
            ("dies_per_package = 2", "dies_per_package = 1.5", "dies_per_package", "1.5", "a whole number"),
            ("dies_per_package = 2", f"dies_per_package = 1{'0' * 400}", "dies_per_package", "1000", "finite"),
            ('hbm_capacity = "288 GB"\n', "", "hbm_capacity", "missing", "bytes (kB, MB, GB, TB)"),
            ('name = "Example part"\n', "", "name", "missing", "a value"),
            ('name = "Example part"', "name = 7", "name", "7", "a valid string"),
            ('first_ship = "2026-07-01"', 'first_ship = "soon"', "first_ship", '"soon"', "a day, such as 2026-07-01"),
            ('first_ship = "2026-07-01"', 'first_ship = "2026-02-30"', "first_ship", '"2026-02-30"', "a day"),
            ('source = "sheet"', 'source = "shet"', "source", '"shet"', "a name in [sources] of the same file"),
            ('source = "blog"', 'source = "blo"', "rack_power.source", '"blo"', "a name in [sources]"),
            ('source = "blog"', 'source = ["blog"]', "rack_power.source", "['blog']", "a name in [sources]"),
            ('grade = "vendor"', 'grade = "vender"', "grade", '"vender"', "one of measured, vendor, press, derived"),
            ('grade = "press"', 'grade = "prss"', "rack_power.grade", '"prss"', "one of measured, vendor"),
            ('grade = "press"', "grade = 3", "rack_power.grade", "3", "one of measured, vendor"),
            ('note = "nameplate"', f"note = 0x{'f' * 5000}", "rack_power.note", "a number of thousands", "text"),
            ('low = "12 kW"', 'low = "12 kWh"', "rack_power.low", '"12 kWh"', "a power (W, kW, MW, GW)"),
            ('low = "12 kW"', 'low = "14.5 kW"', "rack_power", '"14 kW"', "a value between its low and its high"),
            ('high = "15 kW"', 'high = "13 kW"', "rack_power", '"14 kW"', "a value between its low and its high"),
            ('note = "nameplate"', 'nota = "x"', "rack_power.nota", '"x"', "one of the keys grade, high, known, low"),
            ('date = "2026-01-01"\n', "", "sources.sheet.date", "missing", "a value"),
            ('title = "A blog"', 'titel = "A blog"', "sources.blog.titel", '"A blog"', 'did you mean "title"?'),
        ],
    )
    def test_each_is_one_fault_with_its_path(
        self, tmp_path: FilePath, old: str, new: str, path: str, given: str, expected: str
    ) -> None:
        faults = faults_of(write(tmp_path, changed(old, new)))
        assert list(faults) == [path]
        assert given in faults[path].given
        assert expected in faults[path].expected

    def test_a_number_without_a_grade_is_a_fault(self, tmp_path: FilePath) -> None:
        faults = faults_of(write(tmp_path, changed('grade = "vendor"\n', "")))
        assert faults["fp8"].given == "no grade"
        assert "rack_power" not in faults

    @pytest.mark.parametrize("grade", ["measured", "vendor", "press"])
    def test_a_published_number_without_a_source_is_a_fault(self, tmp_path: FilePath, grade: str) -> None:
        text = changed('source = "sheet"\n', "").replace('grade = "vendor"', f'grade = "{grade}"')
        faults = faults_of(write(tmp_path, text))
        assert faults["fp8"].given == "no source"
        assert faults["fp8"].expected == 'a source, or the grade "assumed" or "derived"'

    @pytest.mark.parametrize("grade", ["derived", "assumed"])
    def test_a_derived_or_assumed_number_needs_no_source(self, tmp_path: FilePath, grade: str) -> None:
        text = changed('source = "sheet"\n', "").replace('grade = "vendor"', f'grade = "{grade}"')
        assert read_file(Accelerator, write(tmp_path, text)).evidence["fp8_flops"].source is None

    def test_all_are_told_at_once(self, tmp_path: FilePath) -> None:
        text = (
            PART.replace('fp8 = "5 PFLOPS"', 'fp8 = "5 W"')
            .replace("scale_up_packages = 8\n", "")
            .replace("dies_per_package = 2", "dies_per_package = -2")
            .replace('source = "blog"', 'source = "blo"')
            .replace('name = "Example part"', 'nane = "Example part"')
            .replace('first_ship = "2026-07-01"', 'first_ship = "2026"')
        )
        faults = faults_of(write(tmp_path, text))
        assert set(faults) == {
            "fp8",
            "scale_up_packages",
            "dies_per_package",
            "rack_power.source",
            "nane",
            "name",
            "first_ship",
        }

    def test_the_message_has_one_line_per_fault(self, tmp_path: FilePath) -> None:
        text = changed('name = "Example part"', 'name = ["""\nmany\nlines\n"""]')
        text = text.replace('"5 PFLOPS"', f'"{"5" * 999}"')
        with pytest.raises(CatalogError) as caught:
            read_file(Accelerator, write(tmp_path, text))
        lines = str(caught.value).splitlines()
        assert len(lines) == len(caught.value.faults) == 2
        assert all(line.startswith("part.toml: ") and len(line) < 250 for line in lines)

    def test_a_fault_in_a_row_names_the_row(self, tmp_path: FilePath) -> None:
        text = """
        name = "m"
        vendor = "v"
        release = "2026-01-01"
        grade = "assumed"
        hidden = 8
        vocabulary = 16
        total_params = 1e3
        active_params = 1e3
        [[blocks]]
        count = 2
        attention = "gqa"
        heads = 2
        kv_heads = 2
        head_dim = 4
        ffn = 16
        [[blocks]]
        count = -2
        attention = "quadratic"
        heads = "2 W"
        kv_heads = 2
        head_dim = 4
        """
        faults = faults_of(write(tmp_path, text), Model)
        assert set(faults) == {"blocks[1].count", "blocks[1].attention", "blocks[1].heads", "blocks[1].ffn"}
        assert faults["blocks[1].attention"].expected == "'gqa', 'mla', 'linear' or 'none'"


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "given", "expected"),
        [
            (b"\x00\xff\xfe\x80", "binary data", "a TOML file in UTF-8"),
            (b"name = ", "Invalid value", "valid TOML"),
            (b"name = 1\nname = 2\n", "Cannot overwrite a value", "valid TOML"),
            (b"rack_power = 1" + b"0" * 5000, "Exceeds the limit", "valid TOML"),
            (b"a = " + b"[" * 20_000, "tables nested too deeply", "valid TOML"),
            (b"#" * (MOST_TABLE_BYTES + 1), "more than 4 MB", "a TOML file of at most 4 MB"),
        ],
        ids=["binary", "malformed", "twice the same key", "endless number", "nested", "huge"],
    )
    def test_what_is_no_toml_file_is_one_fault(
        self, tmp_path: FilePath, content: bytes, given: str, expected: str
    ) -> None:
        file = tmp_path / "part.toml"
        file.write_bytes(content)
        table, faults = read_toml(file)
        assert table == {}
        assert [fault.path for fault in faults] == [str(file)]
        assert given in faults[0].given
        assert faults[0].expected == expected
        with pytest.raises(CatalogError, match="expected"):
            read_file(Accelerator, file)

    @pytest.mark.parametrize("name", ["", ".", "absent.toml", "a\0b.toml"])
    def test_a_path_that_cannot_be_read_is_one_fault(
        self, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(CatalogError) as caught:
            read_file(Accelerator, FilePath(name))
        assert len(caught.value.faults) == 1

    def test_an_empty_file_misses_every_required_key(self, tmp_path: FilePath) -> None:
        faults = faults_of(write(tmp_path, ""))
        assert {"name", "vendor", "first_ship", "dies_per_package", "packages_per_rack"} <= set(faults)
        assert {fault.given for fault in faults.values()} == {"missing"}

    def test_sources_must_be_a_table(self, tmp_path: FilePath) -> None:
        text = 'sources = "https://example.org"\n' + PART.partition("[sources")[0]
        assert faults_of(write(tmp_path, text))["sources"].expected == "a table of sources, each with url and date"

    @settings(max_examples=200, deadline=None)
    @given(content=st.binary(max_size=200))
    def test_no_bytes_raise_anything_else(self, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
        file = tmp_path_factory.getbasetemp() / "bytes.toml"
        file.write_bytes(content)
        with pytest.raises(CatalogError):
            read_file(Accelerator, file)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from(["5 PFLOPS", "8 GB", "2026Q3", "1 W", "press", "sheet", datetime.time(12)]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "low", "high", "grade", "source", "note", "2026Q3", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """A record with a field of every form that the reader knows."""

    id: str = ""
    power_w: float | None = None
    racks_count: int = 0
    share_frac: float = 0.0
    ramp_w: Course | None = None
    source: Source | None = None
    sources: tuple[Source, ...] = ()
    by_name: dict[str, Source] | None = None
    kind: str = ""


class TestAnyTable:
    @settings(max_examples=400, deadline=None)
    @given(key=st.sampled_from(sorted(keys_of(Everything))) | st.text(max_size=5), value=VALUES)
    def test_makes_a_record_or_faults_and_never_raises(self, key: str, value: Any) -> None:
        reader = Reader(sources={"sheet": Source(url="", date="")})
        record = read_record(Everything, {key: value}, "", reader)
        assert record is not None or reader.faults
        assert all(fault.expected and str(fault).splitlines() == [str(fault)] for fault in reader.faults)

    @settings(max_examples=100, deadline=None)
    @given(value=VALUES)
    def test_sources_never_raise(self, value: Any) -> None:
        read_sources(value, Reader())
        read_sources({"name": value}, Reader())


class TestPaths:
    def read(self, ramp: object) -> tuple[Everything | None, Reader]:
        reader = Reader(sources={"sheet": Source(url="u", date="d")})
        return read_record(Everything, {"ramp": ramp}, "", reader), reader

    def test_quarters_are_put_in_order(self) -> None:
        record, reader = self.read({"2027Q1": "1.2 GW", "2026Q3": "0.3 GW", "grade": "press", "source": "sheet"})
        assert record is not None
        assert record.ramp_w == Course(periods=("2026Q3", "2027Q1"), values=(0.3e9, 1.2e9))
        assert reader.evidence["ramp_w"].grade == "press"
        assert not reader.faults

    def test_one_value_is_held(self) -> None:
        record, reader = self.read({"value": "1 GW", "low": "0.5 GW", "grade": "assumed"})
        assert record is not None
        assert record.ramp_w is not None
        assert record.ramp_w.values == (1e9,)
        assert reader.evidence["ramp_w"] == replace(Evidence(grade="assumed"), low=0.5e9)

    @pytest.mark.parametrize(
        ("ramp", "path"),
        [
            ({"2026Q5": "1 GW", "2026Q1": "1 GW"}, "ramp.2026Q5"),
            ({"2026Q1": "1 GWh", "2026Q2": "1 GW"}, "ramp.2026Q1"),
            ({}, "ramp"),
            ("1 GWh", "ramp"),
        ],
    )
    def test_a_wrong_point_is_named(self, ramp: object, path: str) -> None:
        assert [fault.path for fault in self.read(ramp)[1].faults] == [path]
