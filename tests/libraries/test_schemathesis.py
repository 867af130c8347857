"""Which integers the tool tries that asks a server everything its OpenAPI allows."""

from __future__ import annotations

import pytest
from hypothesis import given, seed, settings

pytestmark = pytest.mark.slow

OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "toy", "version": "1"},
    "paths": {
        "/toy": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"type": "integer"}}},
                },
                "responses": {"200": {"description": "ok"}},
            }
        }
    },
}


def test_integers_beyond_64_bits_are_tried() -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="no schemathesis: pip install 'gigawatt[test]'")
    operation = schemathesis.openapi.from_dict(OPENAPI)["/toy"]["POST"]
    tried: list[int] = []

    @seed(0)
    @settings(max_examples=100, deadline=None, database=None)
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    def look(case: schemathesis.Case) -> None:
        tried.append(case.body)

    look()
    assert any(abs(number) >= 2**64 for number in tried)
