"""What documents say of predictions: figures with what is in them, tables that fit the screen, the front as a chart."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gigawatt.catalog.load import get
from gigawatt.report.document import Document, Exhibit, Facts
from gigawatt.report.documents import bridge, inference, training
from gigawatt.report.formats import number
from gigawatt.report.writers import csv, terminal
from gigawatt.study import verbs
from gigawatt.study.predict.bridge import BridgeComparison
from gigawatt.study.predict.inference import InferencePrediction

SERVED = {"model": "llama-3.1-70b", "gpu": "h100", "input": 1000, "output": 500}
TRAINED = {"model": "llama-3.1-405b", "gpu": "h100", "gpus": 16384, "tokens": "15T"}


@pytest.fixture(scope="module")
def served() -> InferencePrediction:
    return verbs.ask("predict inference", **SERVED, power="96 MW", pareto=True)


@pytest.fixture(scope="module")
def waited() -> BridgeComparison:
    return verbs.ask("predict bridge", power="300 MW", grid_wait="3 years")


def printed(document: Document, width: int = 80) -> str:
    out = io.StringIO()
    terminal.show(document, {}, Console(file=out, width=width, highlight=False, markup=False, emoji=False))
    assert max(map(len, out.getvalue().splitlines())) <= width
    return " ".join(out.getvalue().split())


def facts(document: Document, name: str) -> dict[str, str]:
    (found,) = (part for part in document.parts() if isinstance(part, Facts) and part.name == name)
    return dict(found.pairs)


def test_what_is_served(served: InferencePrediction) -> None:
    """users 12: what is in a figure stands beside it."""
    document = inference.document(served)
    said, told = printed(document), facts(document, "served")
    for words in ("output tokens/s per GPU", "J/token", "USD/Mtoken", "Pareto front", "96 MW"):
        assert words in said
    assert told["price of a GPU-hour"].endswith(f"USD, {served.usd_basis}")
    rent = f"{number(served.rent_usd_per_h)} USD, {served.rent_basis}; no part of the cost above"
    assert told["rent of a GPU-hour"] == rent
    assert told["energy, share of the rack"].endswith(str(served.energy_basis))
    assert told["energy, GPU alone"].endswith(str(served.energy.package_basis))
    assert told["energy, facility"].endswith(str(served.energy.facility_basis))
    assert f"{served.facility.capped_gpus_count:,} by their mean draw" in said
    assert told["TPOT"].startswith("50 ms, 20 tokens/s")
    assert served.facility is not None
    gpus = f"{served.facility.gpus_count:,} in {served.facility.replicas_count:,} replicas"
    assert facts(document, "facility")["GPUs"] == gpus
    assert all(note.text in said for note in served.head.notes)


def test_a_front_tells_what_each_of_its_points_takes_and_costs(served: InferencePrediction) -> None:
    """users 20: title, TTFT and cost."""
    document = inference.document(served)
    (front,) = (part for part in document.parts() if isinstance(part, Exhibit))
    assert front.table is not None
    assert front.chart is not None
    assert served.pareto is not None
    assert "llama-3.1-70b on h100 in fp8" in front.shows
    for row, point in zip(front.table.rows, served.pareto, strict=True):
        assert row[1:] == (
            *(point.tokens_per_s_per_user, point.tokens_per_s_per_gpu, point.batch_count),
            *(point.tpot_s, point.ttft_s, point.usd_per_mtok),
        )
    assert "cost at 0.77 USD a GPU-hour" in front.table.title
    for words in ("throughput against interactivity", "TTFT", "USD/Mtoken"):
        assert words in front.chart.alone


def test_what_was_asked_for_stands_beside_the_front(served: InferencePrediction) -> None:
    drawn = inference.document(served).charts()["front"]
    for svg in (drawn.wide, drawn.narrow):
        assert svg.count(">as asked<") == 1


def test_a_front_is_there_whether_it_is_told_or_not(served: InferencePrediction) -> None:
    untold = inference.document(verbs.ask("predict inference", **SERVED))
    assert untold.tables()["front"] == inference.document(served).tables()["front"]
    assert "facility" not in untold.tables()


def test_what_nobody_knows_is_said() -> None:
    document = inference.document(verbs.ask("predict inference", **SERVED | {"gpu": "h20"}))
    told = facts(document, "served")
    assert (told["cost"], told["price of a GPU-hour"]) == ("not known", "not known")
    assert document.tables()["front"].texts()[0][-1] == "–"


def test_what_a_run_takes() -> None:
    """users 12: which operations over which peak; whose energy; what is paid for."""
    found = verbs.ask("predict training", **TRAINED, usd_per_gpu_hour=2, precision="fp8")
    document = training.document(found)
    said, bands = printed(document), document.tables()["bands"]
    for words in (found.mfu_basis, found.run.energy_basis, found.run.usd_basis, "15.0 trillion tokens"):
        assert words in said
    p10, p50, p90 = (row[1:] for row in bands.rows)
    run = found.run
    figures = (found.tokens_per_s_per_gpu, run.run_days, run.gpu_h, run.energy_wh, run.usd)
    assert p50 == tuple(band.p50 for band in figures)
    assert all(low < high for low, high in zip(p10, p90, strict=True))
    unpaid = training.document(verbs.ask("predict training", **TRAINED))
    assert facts(unpaid, "run")["cost"] == "not known without a price of a GPU-hour"
    assert [row[-1] for row in unpaid.tables()["bands"].rows] == [None] * 3


def test_what_was_given_stands_in_the_facts() -> None:
    """reports 12: the cost itself, not only what is in it; the energy of a part whose rack has no power."""
    asked = {"model": "llama-3.1-8b", "gpu": "h20", "gpus": 64, "tokens": "1 Ttokens", "usd_per_gpu_hour": 2}
    found = verbs.ask("predict training", **asked)
    told = facts(training.document(found), "run")
    assert told["cost"] == f"{found.run.usd.p50:,.0f} USD: GPU-hours at the price stated"
    assert "MWh: the facility's: rated power of all GPUs alone, without their servers" in told["energy"]


def test_the_parts_of_a_run_and_of_memory_sum_to_the_whole() -> None:
    found = verbs.ask("predict training", **TRAINED)
    document = training.document(found)
    whole, memory = (document.tables()[name] for name in ("whole", "memory"))
    assert [row[0] for row in whole.rows] == ["steps", "interruptions", "everything else"]
    assert sum(float(row[2] or 0) for row in whole.rows) == pytest.approx(found.run.run_days.p50)
    assert all(float(row[2] or 0) > 0 for row in whole.rows)
    assert sum(float(row[2] or 0) for row in memory.rows) == pytest.approx(found.memory_bytes)
    assert {"weights", "gradients", "optimiser", "activations"} <= {row[0] for row in memory.rows}
    assert "causal" in facts(document, "run")["MFU by convention"]


def test_a_speed_without_tokens_is_told_without_days() -> None:
    document = training.document(
        verbs.ask("predict training", **{key: value for key, value in TRAINED.items() if key != "tokens"})
    )
    assert "whole" not in document.tables()
    assert document.tables()["bands"].title == "How fast it trains"
    assert facts(document, "run")["cost"] == "not known without tokens or a budget"
    assert [tile.label for tile in document.tiles] == ["A GPU trains", "Goodput", "A step"]
    assert "no days, energy or cost" in printed(document)


def test_a_step_is_shared_out() -> None:
    table = training.document(verbs.ask("predict training", **TRAINED)).tables()["step"]
    assert sum(float(row[1] or 0) for row in table.rows) == pytest.approx(1)
    assert csv.heads(table) == ["Goes to", "Share [share]", "Time [s]"]


def test_every_plant_on_site_is_in_tables_that_fit_the_screen(waited: BridgeComparison) -> None:
    document = bridge.document(waited)
    said = printed(document)
    plants = ("fuel_cell", "gas_turbine", "reciprocating_engine", "solar_storage")
    assert all(get("onsite_power", name).name.split()[0] in said for name in plants)
    late = next(row for row in document.tables()["energy"].texts() if row[0].startswith("Gas turbines"))
    assert late[2:4] == ["–", "–"]


def test_a_plant_that_is_no_sooner_than_the_grid_is_told_so(waited: BridgeComparison) -> None:
    document = bridge.document(waited)
    late = [plant for plant in waited.plants if plant.gained_years <= 0]
    assert document.charts()["worth"].wide.count(">not before the grid<") == len(late) > 0
    assert document.tiles[0].label == waited.plants[0].name


def test_the_best_plant_is_named_with_what_it_is_worth(waited: BridgeComparison) -> None:
    best = waited.plants[0]
    (worth,) = (part for part in bridge.document(waited).parts() if isinstance(part, Exhibit))
    assert worth.says.startswith(best.name)
    assert worth.table is not None
    assert worth.table.rows[0][-1] == best.net_usd


@pytest.mark.parametrize(("tp", "said"), [(64, "8 GPUs of a scale-up domain stand idle"), (8, "")])
def test_idle_packages_stand_with_the_layout(tp: int, said: str) -> None:
    asked = SERVED | {"model": "llama-3.1-405b", "gpu": "gb200-nvl72"}
    found = inference.document(verbs.ask("predict inference", **asked, tp=tp))
    whole, _, idle = facts(found, "served")["layout"].partition("; ")
    assert whole == f"{tp} GPUs a replica, tensor parallel over {tp}"
    assert idle == said


def test_several_accelerators_are_one_table() -> None:
    found = inference.document(verbs.ask("predict inference", **SERVED | {"gpu": "h100,h200,b200"}))
    assert [row[0] for row in found.tables()["sides"].rows] == ["h100", "h200", "b200"]


def test_accelerators_side_by_side_are_one_chart_with_a_band_each() -> None:
    found = inference.document(verbs.ask("predict inference", **SERVED, beside=["h200", "b200"]))
    assert [section.slug for section in found.sections] == ["beside", "served"]
    text = printed(found)
    assert "As asked, a GPU of b200 gives" in text
    tables = found.tables()
    assert [row[0] for row in tables["sides"].rows] == ["h100", "h200", "b200"]
    assert {row[0] for row in tables["fronts"].rows} == {"h100", "h200", "b200"}
    for name in ("fronts", "costs"):
        assert all(gpu in found.charts()[name].wide for gpu in ("h100", "h200", "b200"))
    assert found.charts()["sides"].wide.count("narrow-band") == 3 + 1
    least = min(row[-1] for row in tables["costs"].rows)
    assert f"{least:.3f} USD/Mtoken of output" in next(
        p.says for p in found.parts() if getattr(p, "name", "") == "costs"
    )


def test_two_pools_and_drafting_are_told_with_what_they_bring() -> None:
    found = verbs.ask("predict inference", **SERVED, disaggregated=True, draft=2)
    document = inference.document(found)
    said, pools, drafts = printed(document), facts(document, "pools"), facts(document, "drafting")
    assert f"{found.disaggregated.prefill.gpus_count:,} GPUs" in pools["reads prompts"]
    assert f"{found.disaggregated.decode.gpus_count:,} GPUs" in pools["writes answers"]
    assert pools["TTFT"].count(",") == 2
    assert drafts["drafted per step"] == "2 tokens"
    assert all(note.text in said for note in found.head.notes)
    assert "Pareto" not in said
