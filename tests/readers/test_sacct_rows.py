"""Rows of sacct that free text broke: made whole where there is one way, rejected where not, and never shifted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.readers.readings import Rejected
from gigawatt.readers.sacct.columns import header_of
from gigawatt.readers.sacct.rows import SlurmRow, rows_of

MIDDLE = "JobID|Cluster|JobName|Comment|State|Start|End|AllocTRES|SubmitLine|Restarts"


def found(text: str) -> list[SlurmRow | Rejected]:
    """The rows of a dump, whose first line is the header."""
    first, *lines = text.split("\n")
    return list(rows_of(enumerate(lines, start=2), header_of(first, "dump")))


def told(text: str) -> list[tuple[int, str, str] | tuple[int, str]]:
    """Line, job and GPUs of each row; line and reason of what is none."""
    return [
        (row.line, row.reason) if isinstance(row, Rejected) else (row.line, row.cells["JobID"], row.cells["AllocTRES"])
        for row in found(text)
    ]


def middle(job: str, name: str = "n", comment: str = "", submitted: str = "sbatch a") -> str:
    return f"{job}|demo|{name}|{comment}|COMPLETED|1795852019|1795852021|gres/gpu={job}|{submitted}|0"


@pytest.mark.parametrize(
    "broken",
    [
        middle("2", name="a|b"),
        middle("2", name="a|b|c", comment="d|e"),
        middle("2", name="|||"),
        middle("2", submitted="srun python -c import a\nb\nc"),
        middle("2", name="a\nb"),
        middle("2", comment="two\nlines", submitted="x --comment two\nlines | cat"),
        middle("2", name="a|b", comment="c\n|d\n", submitted="\n\n"),
        middle("2", comment="COMPLETED|1795852000|1795852001", submitted="COMPLETED|1795852000|1795852001"),
    ],
)
def test_a_broken_row_is_made_whole_and_no_other_row_is_touched(broken: str) -> None:
    text = "\n".join((MIDDLE, middle("1"), broken, middle("3")))
    last = 4 + broken.count("\n")
    assert told(text) == [(2, "1", "gres/gpu=1"), (3, "2", "gres/gpu=2"), (last, "3", "gres/gpu=3")]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("2|demo|n||COMPLETED|17958", "6 of the header's 10 fields"),
        ("2|demo|n||COMPLETED|1795852019|1795852021|gres/gpu", "8 of the header's 10 fields"),
        ("2|demo|n||COMPLETED|1795852019|1795852021|gpus|sbatch|0", 'AllocTRES is "gpus": expected amounts'),
        (
            middle("2", comment="x|COMPLETED|1795852000|1795852001|gres/gpu=9"),
            "14 cells for 10 fields: where free text ends cannot be told",
        ),
        ("sacct: error: slurmdbd is gone", "1 of the header's 10 fields"),
        ("2|" + "|" * 500, "502 cells for 10 fields"),
    ],
)
def test_a_row_that_cannot_be_made_whole_is_rejected_and_breaks_no_other(broken: str, reason: str) -> None:
    one, (line, why), *rest = told("\n".join((MIDDLE, middle("1"), broken, middle("3"))))
    assert one == (2, "1", "gres/gpu=1")
    assert line == 3
    assert why.startswith(reason)
    assert rest == [(4, "3", "gres/gpu=3")]


def test_a_row_with_two_readings_is_rejected_where_they_differ_in_what_is_used() -> None:
    header = "JobID|Comment|Cluster|WCKey|State|Start|End|AllocTRES"
    row = "7|a|b|c|COMPLETED|1|2|gres/gpu=1"
    assert told(f"{header}\n{row}") == [(2, "7", "gres/gpu=1")]
    ((_, reason),) = told(f"{header}\n{row.replace('|b|', '|b|x|')}")
    assert reason == "9 cells for 8 fields: where free text ends cannot be told"


def test_free_text_in_the_last_column_goes_on_below_its_row_and_in_the_first_begins_above() -> None:
    last = "JobID|State|Start|End|AllocTRES|SubmitLine"
    row = "{}|COMPLETED|1|2|gres/gpu={}|srun python -c import a|b\nfor c in b:\n  print(c | a)\n\n"
    assert [each[1] for each in told(last + "\n" + "".join(row.format(n, n) for n in range(4)))] == ["0", "1", "2", "3"]
    first = "JobName|JobID|State|Start|End|AllocTRES"
    row = "a\nb|{}|COMPLETED|1|2|gres/gpu={}"
    assert [each[1] for each in told("\n".join((first, *(row.format(n, n) for n in range(4)))))] == ["0", "1", "2", "3"]


def test_a_row_that_is_cut_off_at_the_end_is_no_rest_of_free_text() -> None:
    last = "JobID|State|Start|End|AllocTRES|SubmitLine"
    assert told(f"{last}\n1|COMPLETED|1|2|gres/gpu=1|a\n2|COMPL")[1] == (3, "2 of the header's 6 fields")
    assert told(f"{last}\n1|COMPLETED|1|2|gres/gpu=1|a\nb\n2|COMPL")[1] == (4, "2 of the header's 6 fields")
    both = "JobName|JobID|State|Start|End|AllocTRES|SubmitLine"
    assert told(f"{both}\nn|1|COMPLETED|1|2|gres/gpu=1|a\nb\nn|2|COMPL")[1] == (4, "3 of the header's 7 fields")
    assert told(f"{last}\n1|COMPLETED|1|2|gres/gpu=1|a\n2")[1] == (3, "1 of the header's 6 fields")


@pytest.mark.parametrize("delimiter", ["|", "\t", ",", ";", ":", "^", "::", " | "])
def test_any_sign_may_stand_between_columns(delimiter: str) -> None:
    header = ["JobName", "JobID", "Account", "State", "Start", "End", "AllocTRES", "NodeList", "ExitCode"]
    cells = ["a", "10_[1,3]", "lab", "COMPLETED", "2026-01-01T00:00:00", "2026-01-01T01:00:00"]
    cells += ["cpu=4,gres/gpu:h100=2,gres/gpu=2", "gpu01", "0:0"]
    (row,) = found(delimiter.join(header) + "\n" + delimiter.join(cells))
    assert isinstance(row, SlurmRow)
    used = dict(zip(header, cells, strict=True))
    assert row.cells == {name: used[name] for name in row.cells}
    assert {"JobID", "Account", "State", "Start", "End", "AllocTRES"} <= {*row.cells}


def test_rows_that_end_in_the_delimiter_are_those_of_the_other_parsable_form() -> None:
    header = "JobID|JobName|State|Start|End|AllocTRES|"
    assert told(f"{header}\n1|a|b|COMPLETED|1|2|gres/gpu=1|\n2|a|COMPLETED|1|2|gres/gpu=2|") == [
        (2, "1", "gres/gpu=1"),
        (3, "2", "gres/gpu=2"),
    ]


def test_old_and_new_names_and_names_to_come_are_all_columns() -> None:
    for name, cell in (("Reserved", "00:01:30"), ("Planned", "00:01:30"), ("NotYetInvented", "|\n|")):
        header = f"JobID|{name}|State|Start|End|AllocTRES"
        assert told(f"{header}\n1|{cell}|COMPLETED|1|2|gres/gpu=1")[0] == (2, "1", "gres/gpu=1")


# Without digits: nobody can tell a line within a comment that is written like the front of a row from one.
FREE = st.text(alphabet="|\nab:=., ", max_size=12)


@given(st.lists(st.tuples(FREE, FREE, FREE), min_size=1, max_size=6))
def test_no_text_shifts_a_column_or_loses_a_row_in_silence(texts: list[tuple[str, str, str]]) -> None:
    rows = [middle(str(n), *each) for n, each in enumerate(texts, start=1)]
    told_of = found("\n".join((MIDDLE, *rows)))
    whole = [row for row in told_of if isinstance(row, SlurmRow)]
    for row in whole:
        number = row.cells["JobID"]
        assert {**row.cells, "Restarts": "0"} == {
            "JobID": number,
            "Cluster": "demo",
            "State": "COMPLETED",
            "Start": "1795852019",
            "End": "1795852021",
            "AllocTRES": f"gres/gpu={number}",
            "Restarts": "0",
        }
        # A row can end too early, where all that follows may be empty; then what is behind it is rejected.
        assert row.cells["Restarts"] == "0" or any(isinstance(other, Rejected) for other in told_of)
    assert len({row.cells["JobID"] for row in whole}) == len(whole)
    assert len(whole) == len(rows) or any(isinstance(row, Rejected) for row in told_of)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_no_text_below_a_header_is_read_for_ever_or_raises(text: str) -> None:
    for row in found(f"{MIDDLE}\n{text}"):
        assert isinstance(row, Rejected) or re.fullmatch(r"\d.*", row.cells["JobID"])
