"""What pydantic and FastAPI let through: why our own strict reading of JSON stands before the model."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from pydantic import BaseModel

fastapi = pytest.importorskip("fastapi", reason="no FastAPI: pip install 'gigawatt[server]'")
httpx2 = pytest.importorskip("httpx2", reason="no httpx2: pip install 'gigawatt[test]'")

EXACT = "12345678901234567.89"


class Priced(BaseModel):
    """A record of money."""

    usd: Decimal


class Measured(BaseModel):
    """A record of a measurement."""

    power_w: float


async def posted(body: str) -> tuple[int, object]:
    """What a FastAPI of one route answers."""
    app = fastapi.FastAPI()

    @app.post("/priced")
    def priced(asked: Priced) -> str:
        return str(asked.usd)

    @app.post("/measured")
    def measured(asked: Measured) -> str:
        return repr(asked.power_w)

    path = "/priced" if "usd" in body else "/measured"
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://toy") as client:
        answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
    return answer.status_code, answer.json()


def ask(body: str) -> tuple[int, object]:
    import asyncio

    return asyncio.run(posted(body))


def test_pydantic_loses_digits_of_a_json_number_for_a_decimal_and_keeps_those_of_a_text() -> None:
    assert Priced.model_validate_json(f'{{"usd": {EXACT}}}').usd == Decimal("12345678901234568")
    assert Priced.model_validate_json(f'{{"usd": "{EXACT}"}}').usd == Decimal(EXACT)
    assert json.loads(EXACT, parse_float=Decimal) == Decimal(EXACT)


def test_pydantic_takes_the_last_of_two_equal_keys() -> None:
    assert Priced.model_validate_json('{"usd": 1, "usd": 2}').usd == 2


def test_fastapi_loses_digits_of_a_json_number_for_a_decimal() -> None:
    assert ask(f'{{"usd": {EXACT}}}') == (200, "12345678901234568")


@pytest.mark.parametrize(("number", "became"), [("NaN", "nan"), ("Infinity", "inf"), ("1e400", "inf")])
def test_fastapi_takes_what_is_no_number_for_one(number: str, became: str) -> None:
    assert ask(f'{{"power_w": {number}}}') == (200, became)
