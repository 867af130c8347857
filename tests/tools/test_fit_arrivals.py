"""The catalog's streams of requests are what their tool makes of the traces."""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.load import get, read_file
from gigawatt.catalog.records import Arrivals
from gigawatt.catalog.to_tokens import offered_load

TOOL = Path(__file__).parents[2] / "tools" / "fit_arrivals.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("fit_arrivals", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_arrivals"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def traces(tool, data_dir):
    return tool.of_requests(data_dir / "traces")


def test_the_files_of_traces_of_requests_are_what_a_fit_makes_of_them(tool, traces):
    """Run tools/fit_arrivals.py after every change of the fit."""
    assert set(traces) == {"azure-code-2023", "azure-conversation-2023", "mooncake-conversation"}
    assert [fault for id_, one in traces.items() for fault in tool.differs(one.load, get("arrivals", id_))] == []
    assert traces["azure-code-2023"].figures.gap_cv_ratio == pytest.approx(13.15, abs=0.01)
    assert traces["azure-conversation-2023"].figures.gap_cv_ratio == pytest.approx(1.094, abs=0.001)


@pytest.mark.slow
def test_the_files_of_clients_are_what_their_rates_make(tool, data_dir):
    for id_, one in tool.of_clients(data_dir / "traces", None).items():
        assert tool.differs(one.load, get("arrivals", id_)) == []
        assert one.peak_ratio == pytest.approx(get("arrivals", id_).peak_ratio, rel=1e-3)


def test_a_file_is_written_as_it_is_read(tool, traces, tmp_path):
    for id_, one in traces.items():
        path = tmp_path / f"{id_}.toml"
        path.write_text(tool.render(one, tool.heads()[id_]))
        assert offered_load(read_file(Arrivals, path)) == one.load
        assert path.read_text() == (tool.OUT / path.name).read_text()


def test_a_file_that_is_another_is_told_by_its_numbers(tool):
    known = get("arrivals", "azure-code-2023")
    of = offered_load(known)
    assert tool.differs(of, known) == []
    client = of.clients[0]
    other = replace(of, clients=(replace(client, rate_per_s=2 * client.rate_per_s),))
    assert tool.differs(other, known) == ["azure-code-2023: all.rate is not what the traces give"]
    gamma = replace(of, clients=(replace(client, gaps=replace(client.gaps, family="weibull")),))
    assert tool.differs(gamma, known) == ["azure-code-2023: all.family is not what the traces give"]
    assert tool.differs(replace(of, clients=()), known) == ["azure-code-2023 has other clients"]
    short = replace(of, clients=(replace(client, profile_ratio=(1.0, 1.0)),))
    assert tool.differs(short, known) == ["azure-code-2023: all.profile is not what the traces give"]


def test_the_table_holds_a_trace_against_what_is_drawn(tool, traces, monkeypatch):
    monkeypatch.setattr(tool, "REPLICATIONS_COUNT", 2)
    trace, drawn = (row.split() for row in tool.compared("azure-conversation-2023", traces["azure-conversation-2023"]))
    assert (trace[1], drawn[1]) == ("trace", "drawn")
    assert float(trace[3]) == pytest.approx(float(drawn[3]), rel=0.05)  # deviation of gaps
    assert float(trace[5].replace(",", "")) == pytest.approx(float(drawn[5].replace(",", "")), rel=0.03)


HEAD = "t,rate,cv,dist,p1,p2,category,model,client"


@pytest.fixture
def rates(tmp_path):
    """Two days of one model: a client that asks more on the second day, one that asks little, and one that is off."""
    rows = []
    for n in range(288):
        busy = 2.0 if n == 200 else 1.0
        rows += [
            f"{600 * n},{busy * (1 + (n >= 144))},2.0,Weibull,0.5,1,language,m-large,7",
            f"{600 * n},0.02,{50 if n % 9 else 1},Gamma,0.5,1,language,m-large,3",
            f"{600 * n},0.0,0.0,,0.0,0.0,language,m-large,5",
        ]
    path = tmp_path / "servegen_client_rates.csv.gz"
    path.write_bytes(gzip.compress("\n".join([HEAD, *rows]).encode()))
    return path


def test_the_busiest_day_of_clients_is_taken(tool, rates, monkeypatch):
    monkeypatch.setattr(tool, "SERVEGEN", {"servegen-m-large": ("language", "m-large", "")})
    windows = tool.servegen(rates)["m-large"]
    assert windows.clients == (3, 7)
    day, peak_ratio = tool.busiest_day(windows)
    total = windows.rate.sum(axis=1)
    assert day.rate.shape == (144, 2)
    assert day.rate[56, 1] == 4
    assert peak_ratio == pytest.approx(4.02 / total.mean())
    lengths = {"others": offered_load(get("arrivals", "azure-code-2023")).clients[0].lengths}
    of = tool.servegen_load(day, lengths)
    assert [client.name for client in of.clients] == ["7", "others"]
    assert of.clients[0].gaps.family == "weibull"
    assert of.clients[0].gaps.cv_ratio == 2
    assert of.clients[1].rate_per_s == pytest.approx(0.02)
    assert of.clients[1].gaps.cv_ratio == 50
    assert max(of.clients[0].profile_ratio) == pytest.approx(4 / day.rate[:, 1].mean(), rel=1e-3)


def test_a_day_with_hours_that_nobody_recorded_is_not_taken(tool):
    rate = np.ones((288, 2))
    rate[20], rate[200] = 5.0, 9.0
    rate[201:210] = 0.0
    day, peak_ratio = tool.busiest_day(tool.Windows((1, 2), rate, rate, rate))
    assert day.rate.max() == 5
    assert peak_ratio == pytest.approx(18 / rate.sum(axis=1).mean())


def test_lengths_are_read_from_dictionaries_in_text(tool, tmp_path):
    windows = tool.Windows((3, 7), np.array([[1.0, 3.0]]), np.ones((1, 2)), np.zeros((1, 2)))
    part = {"input_tokens": "{100: 0.5, 300: 0.5}", "output_tokens": "{20: 1.0}"}
    (tmp_path / "chunk-3-dataset.json").write_text(json.dumps({"0": part, "86400": part}))
    found = tool.read_lengths(tmp_path, windows)
    assert set(found) == {"3", "others"}
    assert found["3"].input_tokens == pytest.approx(200)
    assert found["3"].most_input_tokens == 300
    assert found["3"].output_tokens == pytest.approx(20)
    assert found["3"].output_deviation_ratio == 0
    image = {"text_tokens": "{10: 1.0}", "image_tokens": "{500: 1.0}", "image_count": "{0: 0.5, 2: 0.5}"}
    (tmp_path / "chunk-7-dataset.json").write_text(json.dumps({"0": {**image, "output_tokens": "{20: 1.0}"}}))
    assert tool.read_lengths(tmp_path, windows)["7"].input_tokens == pytest.approx(510)
    mixed = tool.read_lengths(tmp_path, windows)["others"]
    assert mixed.input_tokens == pytest.approx(0.25 * 200 + 0.75 * 510)
