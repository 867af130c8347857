"""Streams of requests in the catalog: what the traces of the world are like, and whether what is drawn is like them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog import load
from gigawatt.catalog.to_tokens import offered_load
from gigawatt.errors import CatalogError
from gigawatt.scenario.load import to_toml
from gigawatt.tokens.serve.arrivals import gap_cv_ratio, generate, joined
from gigawatt.tokens.serve.fitted_arrivals import stream_figures

TRACES = {"azure-code-2023": 13.15, "azure-conversation-2023": 1.094, "mooncake-conversation": 1.0}
SERVEGEN = ("deepseek-r1", "m-large", "m-mid", "m-small", "mm-image")
T_999_19 = 3.883


def test_there_are_files_for_all_public_traces_and_for_agents():
    assert load.ids("arrivals") == sorted(["agents", *TRACES, *(f"servegen-{name}" for name in SERVEGEN)])


@pytest.mark.parametrize("id_", load.ids("arrivals"))
def test_every_published_figure_has_a_source_with_an_address(id_):
    record = load.get("arrivals", id_)
    assert all(
        item.source is not None and item.source.url.startswith("https://")
        for item in record.evidence.values()
        if item.grade != "assumed"
    )
    assert {item.grade for item in record.evidence.values()} >= {"measured"}
    assert record.window_s == 600


@pytest.mark.parametrize("id_", load.ids("arrivals"))
def test_every_file_draws_requests(id_):
    record = load.get("arrivals", id_)
    of = offered_load(record)
    assert of.span_s == record.span_s
    assert of.rate_per_s == pytest.approx(sum(client.rate_per_s for client in record.clients))
    requests = joined(list(generate(of, seed=1, requests_count=500)))
    assert len(requests) == 500
    assert (requests.hashes is not None) == any(client.sessions for client in record.clients)


@pytest.mark.parametrize(("id_", "cv_ratio"), TRACES.items())
def test_gaps_of_traces_are_as_measured(id_, cv_ratio):
    record = load.get("arrivals", id_)
    (client,) = offered_load(record).clients
    assert record.gap_cv_ratio == pytest.approx(cv_ratio, rel=0.02)
    assert gap_cv_ratio(client.gaps) == pytest.approx(cv_ratio, rel=0.05)


@pytest.mark.parametrize("id_", TRACES)
def test_what_is_drawn_is_like_the_trace(id_):
    """Requests and mean lengths, with 99.9 % confidence by 20 independent replications; the peak of windows by eye."""
    record = load.get("arrivals", id_)
    (client,) = record.clients
    drawn = []
    for seed in range(20):
        requests = joined(list(generate(offered_load(record), seed=seed)))
        drawn.append(stream_figures(requests.arrival_s, requests.input_tokens, requests.output_tokens))
    windows = np.arange(len(client.profile_ratio)) * record.window_s
    covered_s = np.minimum(record.span_s - windows, record.window_s)
    expected = client.rate_per_s * float(np.array(client.profile_ratio) @ covered_s) / np.mean(client.profile_ratio)
    for name, value in (
        ("requests_count", expected),
        ("input_tokens", client.input_tokens),
        ("output_tokens", client.output_tokens),
    ):
        found = [getattr(one, name) for one in drawn]
        assert abs(np.mean(found) - value) < T_999_19 * np.std(found, ddof=1) / math.sqrt(20), name
    assert np.mean([one.peak_ratio for one in drawn]) == pytest.approx(record.peak_ratio, rel=0.2)


@pytest.mark.parametrize("name", SERVEGEN)
def test_the_peak_of_a_day_is_that_of_its_clients_together(name):
    """ServeGen: 1.4 to 3.3 over all days, of which the busiest is drawn."""
    record = load.get("arrivals", f"servegen-{name}")
    assert record.span_s == 86_400
    assert {len(client.profile_ratio) for client in record.clients} == {144}
    total = sum(client.rate_per_s * np.array(client.profile_ratio) for client in record.clients)
    assert total.max() / total.mean() == pytest.approx(record.peak_ratio, rel=1e-3)
    assert 1.3 < record.peak_ratio < 3.3


def test_agents_send_the_prompts_that_agents_were_seen_to_send():
    """TraceLab: 153,700 tokens a step in the mean with the contexts of its agents, 95.8 % of them read from a cache."""
    of = offered_load(load.get("arrivals", "agents"))
    requests = joined(list(generate(of, seed=2, span_s=12_000)))
    assert requests.input_tokens.max() <= 200_000
    assert 0.94 < 1 - len(np.unique(requests.hashes)) / requests.hash_ends[-1] < 0.995
    (client,) = of.clients
    wide = replace(client, sessions=replace(client.sessions, most_context_tokens=400_000))
    requests = joined(list(generate(replace(of, clients=(wide,)), seed=2, span_s=12_000)))
    assert requests.input_tokens.mean() == pytest.approx(153_700, rel=0.1)


def changed(tmp_path, text):
    """The file of Azure's conversations with one line set, read as one of the reader's own."""
    key = text.partition(" = ")[0]
    lines = Path(load._files("arrivals")["azure-conversation-2023"]).read_text().splitlines()
    path = tmp_path / "azure-conversation-2023.toml"
    path.write_text("\n".join(text if line.startswith(f"{key} = ") else line for line in lines))
    return path


BAD = [
    ('rate = "0 /s"', "clients[0].rate"),
    ('rate = "-2 /s"', "clients[0].rate"),
    ('family = "pareto"', "clients[0].family"),
    ("profile = [1.0, -1.0]", "clients[0].profile[1]"),
    ('profile = [1.0, "busy"]', "clients[0].profile.[1]"),
    ("profile = [0.0, 0.0]", "clients[0].profile"),
    ('most_input = "1000 tokens"', "clients[0].input"),
    ("input_deviation = 9", "clients[0].input_deviation"),
    ("correlation = 2", "clients[0].correlation"),
    ('window = "0 min"', "window"),
    ('span = "-1 h"', "span"),
]


@pytest.mark.parametrize(("text", "path"), BAD)
def test_a_file_that_makes_no_sense_is_refused_where_it_does_not(tmp_path, text, path):
    with pytest.raises(CatalogError) as caught:
        load.read_file(load.KINDS["arrivals"], changed(tmp_path, text))
    assert path.replace(".[", "[") in {
        fault.path.removeprefix("azure-conversation-2023.toml: ") for fault in caught.value.faults
    }


def test_a_file_without_clients_is_refused(tmp_path):
    path = tmp_path / "none.toml"
    path.write_text(to_toml({"name": "None", "grade": "assumed", "window": "10 min", "span": "1 h", "clients": []}))
    with pytest.raises(CatalogError, match="1 to 1,000 clients"):
        load.read_file(load.KINDS["arrivals"], path)


def test_a_name_that_is_none_is_met_with_its_neighbours():
    assert load.get("arrivals", "Azure LLM inference 2023: code completion").id == "azure-code-2023"
    with pytest.raises(CatalogError, match="azure-code-2023"):
        load.get("arrivals", "azure-code-2022")
