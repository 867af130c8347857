"""Tokens: accelerators side by side, their fields, faults at the fields, and training in a second part."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

Browser = Callable[..., TestClient]
DENSE = "model=llama-3.1-70b&input=1000&output=500"


@pytest.fixture
def viewer(browser: Browser) -> TestClient:
    return browser("viewer")


def test_several_accelerators_stand_side_by_side(viewer: TestClient) -> None:
    found = viewer.get(f"/tokens?{DENSE}&gpu=h100&gpu=b200")
    assert found.status_code == 200
    for words in ("Side by side", "llama-3.1-70b on h100 in fp8", 'data-name="fronts"', 'data-name="sides"'):
        assert words in found.text
    for gpu in ("h100", "b200"):
        assert f'value="{gpu}" data-keep data-live checked' in found.text
    assert found.text.count(" checked/>") == 2


def test_one_accelerator_has_its_own_front(viewer: TestClient) -> None:
    text = viewer.get(f"/tokens?{DENSE}&gpu=h100&part=1").text
    assert "<html" not in text
    assert 'data-name="front"' in text
    assert "Side by side" not in text


def test_bare_numbers_have_the_units_of_their_fields(viewer: TestClient) -> None:
    text = viewer.get(f"/tokens?{DENSE}&gpu=h100&tpot=20&power=96&part=1").text
    assert "On 96 MW of IT power" in text
    assert "20 ms" in text


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("gpu=h100&tpot=-1", "tpot"),
        ("gpu=h100&gpu=h201", "gpu"),
        ("gpu=h100&engine=ours", "engine"),
        ("model=x", "model"),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_is_lost(viewer: TestClient, query: str, name: str) -> None:
    found = viewer.get(f"/tokens?input=777&{query}")
    assert found.status_code == 422
    assert f'id="{name}-wrong"' in found.text
    assert f'aria-describedby="{name}-wrong"' in found.text
    assert 'value="777"' in found.text
    assert viewer.get(f"/tokens?part=1&{query}").status_code == 422


def test_training_is_a_second_part(viewer: TestClient) -> None:
    text = viewer.get("/tokens?of=training&gpus=8192&gpu=b200&usd_per_gpu_hour=3").text
    assert "llama-3.1-405b on 8,192 b200 in bf16" in text
    assert '<option value="b200" selected>' in text
    assert 'href="/tokens?of=training" aria-current="true"' in text
    assert "The whole run" in text
