"""The wheel set on points of a company's past, and the trend of the same points.

Two points of each series give m, the odds of `users_ratio`, and g·p exactly (for letters see `past`): nothing is left
over to test them on but what is held out. More points are met as nearly as the wheel can, by least squares of the
logarithm of predicted over published, each figure alike:

    min Σ ln²(wheel(t) / published(t))    over ln P[0], ln R[0], logit U[0]/N, ln m, ln odds, ln g·p

Levels are free there, as those of a trend are: ln x = a + b·t by ordinary least squares, for each series by itself. The
wheel and three trends then have six figures each. g and p are known as a product only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gigawatt.catalog.plausible import refused
from gigawatt.errors import CatalogError, Fault
from gigawatt.ndarrays import Floats
from gigawatt.scenario.flywheel import Flywheel
from gigawatt.study.flywheel.past import SERIES, Known, Levels, Past, hindcast

# Gauss and Newton's way ends where the largest step, in logarithms, is this small; it is there in ten steps or never.
LAST_STEP = 1e-9
MOST_STEPS = 60
# Step of a difference quotient, in logarithms.
ASIDE = 1e-6
GROWS = "figures that grow from point to point, as a wheel does"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWheel:
    """A wheel as points of the past set it, and where its series begin."""

    wheel: Flywheel
    levels: Levels


def fitted(wheel: Flywheel, known: Past) -> SetWheel:
    """The wheel with the three figures that points which set give, all others as they are.

    Of tokens a user and price only the product is set: the price keeps what the wheel has.
    Raises CatalogError where power does not grow, users are more than the people, or no wheel is near the points.
    """
    _refuse_unmet(wheel, known)
    exact = SetWheel(wheel=_exactly(wheel, known), levels=known.first)
    if all(len(known.setting(name)) == 2 for name in SERIES):
        return exact
    return _nearly(exact, known)


def _refuse_unmet(wheel: Flywheel, known: Past) -> None:
    power, later_power = known.setting("power_w")[:2]
    most = max(one.value for one in known.setting("weekly_users_count"))
    grows = later_power.value > power.value
    if not grows or most >= wheel.people_count:
        given = f"{most:,.0f} weekly users" if grows else f"{later_power.value:,.0f} W after {power.value:,.0f} W"
        expected = f"fewer than flywheel.people, {wheel.people_count:,.0f}" if grows else "power that grows"
        raise CatalogError([Fault(path=f"history.{wheel.history}.points", given=given, expected=expected)])


def _exactly(wheel: Flywheel, known: Past) -> Flywheel:
    """Through the first two points of each series that set."""
    (power, later_power), (revenue, later_revenue), (users, later_users) = (known.setting(name)[:2] for name in SERIES)
    capital = (later_power.value - power.value) * wheel.compute_cost_usd_per_w / revenue.value
    wheel = replace(wheel, capital_per_revenue_ratio=capital)
    of = hindcast(wheel, known)
    orders = of.orders(later_users.since_years) - of.orders(users.since_years)
    odds = [one.value / (wheel.people_count - one.value) for one in (users, later_users)]
    wheel = replace(wheel, users_odds_ratio=(odds[1] / odds[0]) ** (1 / orders))
    of = hindcast(wheel, known)
    year = later_revenue.since_years
    spent = later_revenue.value / revenue.value * of.users_count(0.0) / of.users_count(year)
    return replace(wheel, user_tokens_ratio=spent ** (1 / of.orders(year)) / wheel.token_price_ratio)


def _nearly(begin: SetWheel, known: Past) -> SetWheel:
    """Least squares from a wheel near by."""
    points = [(name, one) for name in SERIES for one in known.setting(name)]

    def off(logs: Floats) -> Floats:
        made = _of_logs(logs, begin.wheel)
        turned = hindcast(made.wheel, known, made.levels)
        return np.log([turned.of(name)(one.since_years) / one.value for name, one in points])

    with np.errstate(all="ignore"):
        logs = _least(off, _logs(begin))
    made = begin if logs is None else _of_logs(logs, begin.wheel)
    if logs is None or refused(made.wheel):
        given = f"{len(points)} figures that set the wheel"
        raise CatalogError([Fault(path=f"history.{begin.wheel.history}.points", given=given, expected=GROWS)])
    return made


def _logs(of: SetWheel) -> Floats:
    wheel, levels = of.wheel, of.levels
    odds = levels.weekly_users_count / (wheel.people_count - levels.weekly_users_count)
    return np.log(
        [
            *(levels.power_w, levels.yearly_revenue_usd, odds),
            *(wheel.capital_per_revenue_ratio, wheel.users_odds_ratio, wheel.user_tokens_ratio),
        ]
    )


def _of_logs(logs: Floats, wheel: Flywheel) -> SetWheel:
    power, revenue, odds, capital, order_odds, spent = (float(value) for value in np.exp(logs))
    users = wheel.people_count * odds / (1 + odds)
    return SetWheel(
        wheel=replace(wheel, capital_per_revenue_ratio=capital, users_odds_ratio=order_odds, user_tokens_ratio=spent),
        levels=Levels(power_w=power, yearly_revenue_usd=revenue, weekly_users_count=users),
    )


def _least(off: Callable[[Floats], Floats], at: Floats) -> Floats | None:
    """Where the sum of squares is least, by Gauss and Newton with halved steps; None where that leads nowhere."""
    here = off(at)
    for _ in range(MOST_STEPS):
        if not np.isfinite(here).all():
            return None
        slopes = np.stack([(off(at + aside) - off(at - aside)) / (2 * ASIDE) for aside in ASIDE * np.eye(at.size)], 1)
        if not np.isfinite(slopes).all():
            return None
        step = np.linalg.lstsq(slopes, -here, rcond=None)[0]
        while not (there := off(at + step)) @ there <= here @ here and np.abs(step).max() > LAST_STEP:
            step = step / 2
        if np.abs(step).max() <= LAST_STEP:
            return at
        at, here = at + step, there
    return None


def trend(setting: Sequence[Known], since_years: float) -> float:
    """Points' growth simply continued: exactly through two, by least squares of logarithms through more."""
    times = np.array([one.since_years for one in setting])
    values = np.log([one.value for one in setting])
    level, rate = np.linalg.lstsq(np.stack([np.ones_like(times), times], 1), values, rcond=None)[0]
    return float(np.exp(level + rate * since_years))
