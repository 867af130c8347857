"""Who supplies PORTS-Pike, and what became of the first gigawatt of Vera Rubin."""

from __future__ import annotations

from gigawatt import units
from gigawatt.study.claims.campus import load_ratio, record_of
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim, Computed, computed, judge, make, reaches, row, stated_value
from gigawatt.study.claims.programme import supplied_w, vendors
from gigawatt.study.claims.question import PORTS_PIKE
from gigawatt.study.claims.statements import pike_statements
from gigawatt.study.dates import quarter, when
from gigawatt.units import GIGAWATT_W

VENDOR = "NVIDIA"


def exclusive(cases: Cases) -> Claim:
    """NVIDIA's share of the racks that may stand at the campus, and of the power announced to OpenAI."""
    id_, known, others = "exclusive", pike_statements().figures, vendors(cases)
    stated, mine = stated_value(id_, PORTS_PIKE), known.it_w * load_ratio(cases)
    parts = cases.scenario.records.accelerators.values()
    here = sum(record.vendor == VENDOR for record in parts) / len(parts)
    theirs = sum(vendor.announced_w for vendor in others)
    alone, both = mine / (mine + theirs), (mine + known.offtake_power_w) / (mine + known.offtake_power_w + theirs)
    rows = [
        row(f"load of {record_of(cases).name}, all of it {VENDOR}'s", "w", mine),
        row("Vera Rubin that OpenAI takes elsewhere", "w", known.offtake_power_w),
        *(
            row(f"announced to OpenAI, {vendor.name}", "w", vendor.announced_w)
            for vendor in others
            if vendor.announced_w
        ),
        row(f"{VENDOR}'s share of the platforms that the scenario may buy", "frac", here),
        row(f"{VENDOR}'s share of all that is announced to OpenAI", "frac", alone, both),
    ]
    text = (
        f"it is said of this campus only: other vendors announced {units.show(theirs, 'w')} to OpenAI, chips of its "
        f"own among them, beside {units.show(mine, 'w')} here and {units.show(known.offtake_power_w, 'w')} elsewhere; "
        f"{VENDOR} has {units.show(both, 'frac')} of it"
    )
    verdict = judge(reaches(share, stated) for share in (here, alone, both))
    return make(id_, computed("frac", both, alone, here), verdict, text, rows, PORTS_PIKE)


def _first(dates: list[str | None]) -> str | None:
    return min((day for day in dates if day is not None), default=None)


def first_gw_vera_rubin_2026h2(cases: Cases) -> Claim:
    """When the letter's programme has its first gigawatt, and what Vera Rubin's supply allows by the promised day."""
    id_, parts = "first_gw_vera_rubin_2026h2", pike_statements().figures.announced_parts
    promised = str(pike_statements().claims[id_].value)
    letter, end = cases.of_letter, f"{promised[:4]}Q4"
    supply = supplied_w(letter, parts, end)
    planned, soonest = (case.date("first_gw_date") for case in (letter.pro_rata, letter.slipped(0)))
    rows = [
        row("first gigawatt in service, the letter's programme", "date", planned),
        row("the same, with no site later than its owner has it", "date", soonest),
        row(f"most that Vera Rubin's supply allows by the end of {quarter(end)}", "w", supply),
    ]
    text = (
        "no page says that a gigawatt of it is on line; the letter's programme, planned with what is known, has its "
        f"first gigawatt, of any platform, in {when(planned)}, and its supply of Vera Rubin allows "
        f"{units.show(supply, 'w')} by the end of {quarter(end)}"
    )
    dates = [soonest, planned]
    found = Computed(low=_first(dates), mid=planned, high=None if None in dates else planned, unit="date")
    enough = reaches(supply, GIGAWATT_W)
    verdict = judge(day is not None and day <= promised and enough for day in dates)
    return make(id_, found, verdict, text, rows, PORTS_PIKE)
