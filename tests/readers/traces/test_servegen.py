"""Clients' rates by window, of a table or of original files; histograms are read and never evaluated."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gigawatt.errors import Fault
from gigawatt.readers.traces.servegen import histogram, read_client_rates, read_lengths

Write = Callable[..., Path]
Refused = Callable[[Callable[[], object]], tuple[Fault, ...]]
HEAD = "t,rate,cv,dist,p1,p2,category,model,client"


def test_original_files_are_read_in_the_order_of_their_clients(files: Path) -> None:
    found = read_client_rates(files / "servegen")
    assert found.clients == ("2", "10")
    assert found.client.tolist() == [0, 0, 1]
    assert found.start_s.tolist() == [0, 1200, 600]
    assert found.rate_per_s.tolist() == [1.5, 0.25, 1 / 60]
    assert found.gap_cv_ratio.tolist() == [2.25, 1.0, 0.5]
    assert found.family.tolist() == [2, 1, 1]
    assert found.shape_ratio.tolist() == [0.5, 1.0, 4.0]
    assert found.scale_s.tolist() == [0.75, 4.0, 15.0]
    assert (found.window_s, found.span_s, found.silent_count, len(found)) == (600, 1800, 3, 3)


def test_one_original_file_is_read(files: Path) -> None:
    assert read_client_rates(files / "servegen/chunk-10-trace.csv").clients == ("10",)


def test_a_table_names_its_clients_and_is_read_in_part(trace: Write) -> None:
    path = trace(
        HEAD,
        "600,2.0,1,Gamma,1,0.5,language,small,0",
        "0,1.0,1,Gamma,1,1,language,small,0",
        "0,0.0,0.0,,0.0,0.0,language,small,1",
        "0,3.0,1,Weibull,1,1,reason,r1,0",
    )
    found = read_client_rates(path)
    assert found.clients == ("language/small/0", "language/small/1", "reason/r1/0")
    assert found.client.tolist() == [0, 0, 2]
    assert found.rate_per_s.tolist() == [1, 2, 3]
    part = read_client_rates(path, category="language", model="small")
    assert part.clients == ("language/small/0", "language/small/1")
    assert (part.rate_per_s.tolist(), part.silent_count, part.span_s) == ([1, 2], 1, 1200)


def test_a_model_that_a_table_lacks_is_refused(trace: Write, files: Path, refused: Refused) -> None:
    path = trace(HEAD, "0,1.0,1,Gamma,1,1,language,small,0")
    (fault,) = refused(lambda: read_client_rates(path, category="language", model="large"))
    assert fault.given == "no client of language large"
    (fault,) = refused(lambda: read_client_rates(files / "servegen", model="large"))
    assert fault.given == "no column model"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("0,-1,1,Gamma,1,1,a,b,0", 'line 2 rate = "-1": expected a number of at least 0'),
        ("0,nan,1,Gamma,1,1,a,b,0", 'line 2 rate = "nan": expected a number of at least 0'),
        ("0,1,x,Gamma,1,1,a,b,0", 'line 2 cv = "x": expected a number of at least 0'),
        ("0,1,inf,Gamma,1,1,a,b,0", 'line 2 cv = "inf": expected a number of at least 0'),
        ("30,1,1,Gamma,1,1,a,b,0", 'line 2 t = "30": expected the start of a window of 600 s'),
        ("0,1,1,Pareto,1,1,a,b,0", 'line 2 dist = "Pareto": expected Gamma or Weibull'),
        ("0,1,1,,1,1,a,b,0", 'line 2 dist = "": expected a distribution with parameters above 0'),
        ("0,1,1,Gamma,0,1,a,b,0", 'line 2 dist = "Gamma": expected a distribution with parameters above 0'),
        ("0,1,1,Gamma,1,1,a,b", "line 2 = 8 cells: expected 9: t, rate, cv, dist, p1, p2, category, model, client"),
    ],
)
def test_a_mistake_is_named_by_its_line(trace: Write, refused: Refused, line: str, fault: str) -> None:
    found = refused(lambda: read_client_rates(trace(HEAD, line)))
    assert str(found[0]).startswith(f"trace.csv {fault}")


def test_a_window_twice_is_refused(trace: Write, refused: Refused) -> None:
    path = trace(HEAD, "0,1,1,Gamma,1,1,a,b,0", "0,1,1,Gamma,1,1,a,b,1", "0,2,1,Gamma,1,1,a,b,0")
    (fault,) = refused(lambda: read_client_rates(path))
    assert str(fault) == "trace.csv line 4 = the window at 0 s of client a/b/0 twice: expected each window once"


def test_what_a_table_lacks_is_named(trace: Write, refused: Refused, tmp_path: Path) -> None:
    (fault,) = refused(lambda: read_client_rates(trace("t,rates,cv,dist,p1,p2", "0,1,1,Gamma,1,1")))
    assert str(fault) == (
        'trace.csv line 1 = no column rate: expected t, rate, cv, dist, p1, p2; did you mean "rates"?'
    )
    (fault,) = refused(lambda: read_client_rates(trace(HEAD)))
    assert fault.given == "no window of a client"
    (fault,) = refused(lambda: read_client_rates(trace("", end="")))
    assert fault.given == "no window of a client"
    empty = tmp_path / "empty"
    empty.mkdir()
    (fault,) = refused(lambda: read_client_rates(empty))
    assert fault.expected == "files chunk-N-trace.csv, as ServeGen has them"


def test_histograms_are_read_by_name_and_window(files: Path) -> None:
    found = read_lengths(files / "servegen/chunk-2-dataset.json")
    assert list(found) == ["input_tokens", "output_tokens", "reason_ratio"]
    (window,) = found["input_tokens"]
    assert window.start_s == 0
    assert window.values.tolist() == [224, 225]
    assert window.share_frac.tolist() == [0.25, 0.75]
    assert found["reason_ratio"][0].share_frac.tolist() == [0.5, 0.49999, 1e-5]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{1: 0.5, 2: 0.4}", "shares that add up to 1, not 0.9"),
        ("{1: 0.5, 1: 0.5}", "each value once"),
        ("{1: 1.5, 2: -0.5}", "values and shares that are numbers of at least 0"),
        ("{-1: 1.0}", "values and shares that are numbers of at least 0"),
        ("{1: nan}", "values and shares that are numbers of at least 0"),
        ("{1: 1.0, }", "values and shares that are numbers of at least 0"),
        ("{1: {2: 1.0}}", "values and shares that are numbers of at least 0"),
        ("{1}", "values and shares that are numbers of at least 0"),
        ("[1.0]", "a text of values and shares"),
        ("", "a text of values and shares"),
        (None, "a text of values and shares"),
        ({"1": 1.0}, "a text of values and shares"),
    ],
)
def test_what_is_no_histogram_is_refused(text: object, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        histogram(text)


def test_a_histogram_is_never_evaluated(trace: Write, refused: Refused, tmp_path: Path) -> None:
    made = tmp_path / "made"
    evil = f"{{__import__('pathlib').Path({str(made)!r}).touch(): 1.0}}"
    path = trace(json.dumps({"0": {"input_tokens": evil, "output_tokens": "{1: 1.0}"}}), name="chunk-0-dataset.json")
    (fault,) = refused(lambda: read_lengths(path))
    assert fault.path == "chunk-0-dataset.json 0.input_tokens"
    assert not made.exists()


@pytest.mark.parametrize("content", ['{"x": {}}', '{"0": []}', "[]", '{"nan": {}}'])
def test_what_is_no_window_is_refused(trace: Write, refused: Refused, content: str) -> None:
    (fault,) = refused(lambda: read_lengths(trace(content, name="a.json")))
    assert fault.given in ("no window", "no object")


def test_the_rates_here_are_read(data_dir: Path, tmp_path: Path) -> None:
    """35 to 82 % of windows are silent; the clients of DeepSeek-R1 sent for a day."""
    source = data_dir / "traces" / "servegen_client_rates.csv.gz"
    part = tmp_path / "part.csv"
    with gzip.open(source, "rt") as stream:
        lines = [line for line in stream if line.startswith("t,") or ",reason," in line]
    part.write_text("".join(lines))
    found = read_client_rates(part)
    assert (len(found.clients), len(found) + found.silent_count, found.span_s) == (73, 10512, 86400)
    assert found.silent_count == 7401
    assert np.isin(found.family, (1, 2)).all()
    assert (found.rate_per_s > 0).all()
