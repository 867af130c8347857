"""Numbers in digits, eight at once, are the numbers that Python reads; what is no such number is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.readers.traces.digits import MOST_DIGITS, decimals, sign_text, whole_numbers


def cells(words: list[str]) -> tuple[bytes, np.ndarray, np.ndarray]:
    data = ",".join(words).encode() + b"\n"
    ends = np.cumsum([len(word.encode()) + 1 for word in words]) - 1
    return data, ends - np.array([len(word.encode()) for word in words]), ends


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**MOST_DIGITS - 1), min_size=1))
def test_whole_numbers_are_those_of_python(numbers: list[int]) -> None:
    data, starts, ends = cells([str(number) for number in numbers])
    found, read = whole_numbers(sign_text(data), starts, ends)
    assert read.all()
    assert found.tolist() == numbers


@settings(deadline=None)
@given(st.lists(st.text("0123456789.:/ -+_eE\x00\x7f", max_size=18), min_size=1))
def test_what_is_not_digits_alone_is_said(words: list[str]) -> None:
    data, starts, ends = cells(words)
    found, read = whole_numbers(sign_text(data), starts, ends)
    assert read.tolist() == [word.isdigit() and len(word) <= MOST_DIGITS for word in words]
    assert found[~read].tolist() == [0] * int((~read).sum())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**12), st.text("0123456789", min_size=1, max_size=12)), min_size=1))
def test_decimals_keep_six_places_and_cut_the_rest(numbers: list[tuple[int, str]]) -> None:
    words = [f"{whole}.{fraction}" for whole, fraction in numbers]
    found, read = decimals(sign_text(cells(words)[0]), *cells(words)[1:], 6)
    assert read.all()
    assert found.tolist() == [whole * 10**6 + int(fraction[:6].ljust(6, "0")) for whole, fraction in numbers]


@pytest.mark.parametrize("word", ["", ".", "5.", ".5", "1.2.3", "1e3", "-1", "1.5 ", "nan", "12345678901234567"])
def test_cells_that_are_no_decimals_are_left_to_others(word: str) -> None:
    words = ["1.5", word, "2"]
    found, read = decimals(sign_text(cells(words)[0]), *cells(words)[1:], 3)
    assert read.tolist() == [True, False, True]
    assert found[[0, 2]].tolist() == [1500, 2000]


def test_a_number_that_may_exceed_64_bits_of_its_places_is_left_to_others() -> None:
    words = ["9223372035", "9223372036"]
    found, read = decimals(sign_text(cells(words)[0]), *cells(words)[1:], 9)
    assert read.tolist() == [True, False]
    assert found[0] == 9223372035 * 10**9
