"""A gigawatt of a part for a year: what it holds, what it sells, what that earns, and from which use on it pays.

With R output tokens per second at full use, a share u of which is sold, prompts of i tokens of which a share c is in a
prefix cache, and answers of o tokens, a year earns

    u R T (p_o + i / o ((1 - c) p_i + c p_c)),   T = 8766 h

at the prices p of a token. A share of that goes to the model's maker; the machines cost the same whatever is sold, so
that use breaks even where what is left of the revenue is their cost. A band is that of R and of nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.inference import TOKENS_PER_MTOK, InferencePrediction
from gigawatt.units import GIGAWATT_W, HOUR_S

MEGAWATT_W = 1e6
_ROUNDING = 1e-9  # of a count of racks that is whole but for floating point


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSale:
    """What is sold, and at which prices; cached_frac: of the tokens of a prompt; use_frac: of all that is served at
    full use; licence_frac: of the revenue."""

    input_tokens: float
    output_tokens: float
    cached_frac: float
    price_input_usd_per_mtok: float
    price_cached_usd_per_mtok: float
    price_output_usd_per_mtok: float
    use_frac: float
    licence_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledPower:
    """A power filled with racks of a part, each package with its share of all that power is provided for.

    basis: in words; package_facility_w, package_it_w: power that a package is given, None where that is not told.
    """

    basis: str
    power_w: float
    package_facility_w: float | None
    package_it_w: float | None
    racks_count: int
    packages_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GigawattYear:
    """What a gigawatt of a part holds, serves and earns; per GW of the power that is filled, where it is counted.

    output_tokens_per_s, users_count: at full use, as users_count_per_mw: requests in service at a time. Tokens, money
    and profit of a year are at the use that is asked for. read: prompt tokens that no cache holds; cached: those that
    one does; licence: what goes to the model's maker; break_even_frac: share of full use from which the year pays,
    above 1 where none does; usd_per_mtok: cost of a million output tokens sold; all_usd_per_mtok: of a million tokens
    of all kinds. rented: where each package is rented at the price of the day, in place of being owned. What needs a
    cost or a price that is not known is None.
    """

    basis: str
    package_facility_w: float | None
    package_it_w: float | None
    racks_count: int
    packages_count: int
    output_tokens_per_s: Band
    users_count: float
    users_count_per_mw_it: float | None
    users_count_per_mw_facility: float | None
    read_tokens_per_gw_year: float
    cached_tokens_per_gw_year: float
    output_tokens_per_gw_year: Band
    read_usd_per_gw_year: float
    cached_usd_per_gw_year: float
    output_usd_per_gw_year: float
    revenue_usd_per_gw_year: Band
    licence_usd_per_gw_year: float
    usd_per_h: float | None
    cost_usd_per_gw_year: float | None
    profit_usd_per_gw_year: Band | None
    break_even_frac: Band | None
    usd_per_mtok: Band | None
    all_usd_per_mtok: Band | None
    rented_profit_usd_per_gw_year: Band | None


def filled(
    basis: str, power_w: float, on_it: bool, facility_w: float | None, it_w: float | None, per_rack_count: int
) -> FilledPower:
    """Whole racks on a power, counted at the IT or at the facility, of packages that are given so much of either."""
    each_w = it_w if on_it else facility_w
    assert each_w is not None  # who asks knows the power of the basis
    racks = int(power_w / (each_w * per_rack_count) + _ROUNDING)
    return FilledPower(
        basis=basis,
        power_w=power_w,
        package_facility_w=facility_w,
        package_it_w=it_w,
        racks_count=racks,
        packages_count=racks * per_rack_count,
    )


def year_of(
    one: InferencePrediction,
    room: FilledPower,
    sale: TokenSale,
    usd_per_h: float | None,
    rent_usd_per_h: float | None,
) -> GigawattYear:
    """A year of a filled power that serves as predicted, at what an owned and a rented package-hour costs."""
    unit, users = one.unit
    serving, gigawatts = room.packages_count * one.working_frac, room.power_w / GIGAWATT_W
    rate = one.tokens_per_s_per_gpu.times(serving)
    sold = rate.times(sale.use_frac * HOURS_PER_YEAR * HOUR_S / gigawatts)
    prompts = sold.p50 / sale.output_tokens * sale.input_tokens
    read, cached = prompts * (1 - sale.cached_frac), prompts * sale.cached_frac
    read_usd, cached_usd, output_usd = (
        amount / TOKENS_PER_MTOK * price
        for amount, price in (
            (read, sale.price_input_usd_per_mtok),
            (cached, sale.price_cached_usd_per_mtok),
            (sold.p50, sale.price_output_usd_per_mtok),
        )
    )
    revenue = sold.times((read_usd + cached_usd + output_usd) / sold.p50)
    owned, rented = (
        None if price is None else price * HOURS_PER_YEAR * room.packages_count / gigawatts
        for price in (usd_per_h, rent_usd_per_h)
    )
    kept = revenue.times(1 - sale.licence_frac)
    in_service = serving / unit * users
    return GigawattYear(
        basis=room.basis,
        package_facility_w=room.package_facility_w,
        package_it_w=room.package_it_w,
        racks_count=room.racks_count,
        packages_count=room.packages_count,
        output_tokens_per_s=rate,
        users_count=in_service,
        users_count_per_mw_it=_per_mw(in_service, room.packages_count, room.package_it_w),
        users_count_per_mw_facility=_per_mw(in_service, room.packages_count, room.package_facility_w),
        read_tokens_per_gw_year=read,
        cached_tokens_per_gw_year=cached,
        output_tokens_per_gw_year=sold,
        read_usd_per_gw_year=read_usd,
        cached_usd_per_gw_year=cached_usd,
        output_usd_per_gw_year=output_usd,
        revenue_usd_per_gw_year=revenue,
        licence_usd_per_gw_year=revenue.p50 * sale.licence_frac,
        usd_per_h=usd_per_h,
        cost_usd_per_gw_year=owned,
        profit_usd_per_gw_year=_less(kept, owned),
        break_even_frac=_over(owned, kept.times(1 / sale.use_frac)),
        usd_per_mtok=_over(owned, sold.times(1 / TOKENS_PER_MTOK)),
        all_usd_per_mtok=_over(owned, sold.times((1 + prompts / sold.p50) / TOKENS_PER_MTOK)),
        rented_profit_usd_per_gw_year=_less(kept, rented),
    )


def _per_mw(users: float, packages: int, each_w: float | None) -> float | None:
    return None if each_w is None or not packages else users / (packages * each_w) * MEGAWATT_W


def _less(income: Band, cost: float | None) -> Band | None:
    """What is left of an income."""
    return None if cost is None else Band(p10=income.p10 - cost, p50=income.p50 - cost, p90=income.p90 - cost)


def _over(cost: float | None, of: Band) -> Band | None:
    """A cost for each of what grows with throughput: the least where that is the most; None where there is none."""
    if cost is None or not of.p10 > 0:
        return None
    return Band(p10=cost / of.p90, p50=cost / of.p50, p90=cost / of.p10)
