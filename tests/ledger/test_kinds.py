"""Facts that people record are read as scenarios are: units, nearest names, every fault at once."""

import pytest

from gigawatt.errors import LedgerError
from gigawatt.ledger import kinds

SITE = {"site": "abilene", "state": "energised", "power": "0.3 GW", "basis": "facility", "at": "2026-04-01"}


def test_a_fact_is_read_in_si_and_its_moment_stands_apart() -> None:
    happened, said, odd = kinds.read("site", SITE)
    assert happened == "2026-04-01T00:00:00.000Z"
    assert said == {"site": "abilene", "state": "energised", "power_w": 3e8, "basis": "facility"}
    assert not odd


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(LedgerError) as caught:
        kinds.read("site", {"site": "a b", "state": "energized", "power": "300 MWh", "basis": "facility", "at": "now"})
    assert {fault.path for fault in caught.value.faults} == {"site", "state", "power", "at"}


@pytest.mark.parametrize(
    ("kind", "values", "path"),
    [
        ("sites", {}, "kind"),
        ("site", {key: value for key, value in SITE.items() if key != "at"}, "at"),
        ("site", {**SITE, "power": "300 TW"}, "power"),
        ("site", {**SITE, "power": "-1 GW"}, "power"),
        ("racks", {"site": "abilene", "platform": "nvl72", "racks": 0, "at": "2026-04-01"}, "racks"),
        ("racks", {"site": "abilene", "platform": "nvl72", "racks": 1.5, "at": "2026-04-01"}, "racks"),
        ("money", {"direction": "out", "item": "racks", "amount": "-5 USD", "at": "2026-04-01"}, "amount"),
        ("site", {**SITE, "pwr": "1 GW"}, "pwr"),
        ("site", {**SITE, "site": ""}, "site"),
        ("site", {**SITE, "at": " "}, "at"),
        ("racks", {"site": "abilene", "platform": "", "racks": 1, "at": "2026-04-01"}, "platform"),
        ("work", {"use_case": "", "served": "1 Mtokens", "at": "2026-04-01"}, "use_case"),
        ("work", {"use_case": "chat", "at": "2026-04-01"}, "served"),
        ("price", {"item": "energy", "price": "5 USD", "per": "", "at": "2026-04-01"}, "per"),
        ("retraction", {"reason": " ", "at": "2026-04-01"}, "reason"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_with_its_field(kind: str, values: dict[str, object], path: str) -> None:
    with pytest.raises(LedgerError) as caught:
        kinds.read(kind, values)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_what_is_odd_but_possible_is_named() -> None:
    _, _, odd = kinds.read("site", {**SITE, "power": "50 GW"})
    assert [fault.path for fault in odd] == ["power"]


def test_a_fact_is_a_line_for_people() -> None:
    _, said, _ = kinds.read("site", SITE)
    line = "site abilene, state energised, power 300 MW, basis facility"
    assert kinds.shown("site", said) == line
    assert kinds.shown("site", dict(sorted(said.items()))) == line
