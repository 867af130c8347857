"""Charges as a FOCUS 1.4 dataset of cost and usage.

Every number is a decimal with a point and no exponent. A cost is its unit price times its quantity, exactly: the price
is rounded to 12 digits behind the point, and the cost follows. So a row is off the books by at most half of the last
digit of a price for each unit, which is half a cent for 10^10 million tokens, and half a millionth of a dollar.

1. FOCUS 1.4, FinOps Foundation, CC-BY-4.0, https://focus.finops.org
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from gigawatt.account.costs import PROGRAMME
from gigawatt.quarters import first_day, quarter_name, quarter_number
from gigawatt.study.export.focus import BOUGHT, CHARGES, RUNNING, TAX, USAGE, Charge, FocusAnswer

# Digits behind the point of a price, and of a quantity or of a cost that is no product.
PRICE_DIGITS, DIGITS = Decimal("1e-12"), Decimal("1e-6")
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
MILLION = Decimal(1_000_000)
# What a line of the books is called, and where FOCUS puts it.
SERVICES: Mapping[str, tuple[str, str, str]] = {
    "energy": ("Energy", "AI and Machine Learning", "AI Platforms"),
    "opex": ("Operation", "Management and Governance", "Other (Management and Governance)"),
    "rent": ("Rent", "Other", "Other (Other)"),
    "non_compute": ("Non-compute", "Business Applications", "Other (Business Applications)"),
    "racks": ("Racks", "Compute", "Other (Compute)"),
    "network": ("Network", "Networking", "Network Infrastructure"),
    "shells": ("Shells", "Other", "Other (Other)"),
    "tax": ("Tax", "Other", "Other (Other)"),
}
CATEGORIES = {USAGE: "Usage", RUNNING: "Purchase", BOUGHT: "Purchase", TAX: "Tax"}
FREQUENCIES = {USAGE: "Usage-Based", RUNNING: "Recurring", BOUGHT: "One-Time", TAX: "Recurring"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusColumn:
    """A column of FOCUS 1.4 that is written: its format, and whether it has to be there and may be empty."""

    format: str
    mandatory: bool = False
    nullable: bool = True


def _must(format_: str, nullable: bool = False) -> FocusColumn:
    return FocusColumn(format=format_, mandatory=True, nullable=nullable)


COLUMNS: Mapping[str, FocusColumn] = {
    "BilledCost": _must("decimal"),
    "BillingAccountId": _must("text"),
    "BillingAccountName": _must("text", nullable=True),
    "BillingAccountType": FocusColumn(format="text", nullable=False),
    "BillingCurrency": _must("currency"),
    "BillingPeriodEnd": _must("time"),
    "BillingPeriodStart": _must("time"),
    "ChargeCategory": _must("Usage|Purchase|Tax|Credit|Adjustment"),
    "ChargeClass": _must("Correction", nullable=True),
    "ChargeDescription": _must("text", nullable=True),
    "ChargeFrequency": FocusColumn(format="One-Time|Recurring|Usage-Based", nullable=False),
    "ChargePeriodEnd": _must("time"),
    "ChargePeriodStart": _must("time"),
    "ConsumedQuantity": FocusColumn(format="decimal"),
    "ConsumedUnit": FocusColumn(format="text"),
    "ContractedCost": _must("decimal"),
    "ContractedUnitPrice": FocusColumn(format="decimal"),
    "EffectiveCost": _must("decimal"),
    "HostProviderName": _must("text", nullable=True),
    "InvoiceIssuerName": _must("text"),
    "ListCost": _must("decimal"),
    "ListUnitPrice": FocusColumn(format="decimal"),
    "PricingCategory": FocusColumn(format="Standard|Dynamic|Committed|Other"),
    "PricingQuantity": _must("decimal", nullable=True),
    "PricingUnit": _must("text", nullable=True),
    "RegionId": FocusColumn(format="text"),
    "RegionName": FocusColumn(format="text"),
    "ResourceId": FocusColumn(format="text"),
    "ResourceName": FocusColumn(format="text"),
    "ResourceType": FocusColumn(format="text"),
    "ServiceCategory": _must("text"),
    "ServiceName": _must("text"),
    "ServiceProviderName": _must("text"),
    "ServiceSubcategory": FocusColumn(format="text", nullable=False),
    "SkuId": FocusColumn(format="text"),
    "SkuMeter": FocusColumn(format="text"),
    "SkuPriceId": FocusColumn(format="text"),
    "SubAccountId": FocusColumn(format="text"),
    "SubAccountName": FocusColumn(format="text"),
    "SubAccountType": FocusColumn(format="text"),
    # Of this project, which FOCUS keeps apart by their x_.
    "x_Class": FocusColumn(format="text", nullable=False),
    "x_DollarYear": FocusColumn(format="text", nullable=False),
    "x_Item": FocusColumn(format="text", nullable=False),
    "x_Period": FocusColumn(format="text", nullable=False),
    "x_Platform": FocusColumn(format="text", nullable=False),
    "x_ScenarioHash": FocusColumn(format="text", nullable=False),
    "x_Site": FocusColumn(format="text", nullable=False),
}


def text(answer: FocusAnswer) -> str:
    """The dataset as CSV with a row of names."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(COLUMNS), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows(answer))
    return stream.getvalue()


def rows(answer: FocusAnswer) -> Iterator[dict[str, str]]:
    """A row for each charge, without its empty columns."""
    for charge in answer.charges:
        yield {**_whose(answer), **_what(charge), **_amounts(charge)}


def shown(value: Decimal) -> str:
    """A decimal with a point, no exponent and no zeros behind it but one.

    >>> shown(Decimal("3.10E-7")), shown(Decimal("5"))
    ('0.00000031', '5.0')
    """
    whole, _, part = format(value, "f").partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def _whose(answer: FocusAnswer) -> dict[str, str]:
    name = answer.head.scenario or ""
    return {
        "BillingAccountId": name,
        "BillingAccountName": answer.title,
        "BillingAccountType": "Programme",
        "BillingCurrency": "USD",
        "HostProviderName": answer.title,
        "InvoiceIssuerName": answer.title,
        "ServiceProviderName": answer.title,
        "x_DollarYear": str(answer.dollar_year),
        "x_ScenarioHash": answer.head.hash or "",
    }


def _what(charge: Charge) -> dict[str, str]:
    service, category, subcategory = SERVICES[charge.item]
    start, end = (f"{first_day(quarter_name(quarter_number(charge.period) + n))}T00:00:00Z" for n in (0, 1))
    places = [place for place in (charge.platform, charge.site) if place != PROGRAMME]
    at = " at ".join(places)
    region = "" if charge.site == PROGRAMME else charge.site
    resource = {"ResourceId": "/".join(places), "ResourceName": at, "ResourceType": "Racks"} if places else {}
    return {
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "ChargeDescription": f"{service}: {charge.use_case}, {at}".removesuffix(", "),
        "ChargeFrequency": FREQUENCIES[CHARGES[charge.item]],
        "RegionId": region,
        "RegionName": region,
        **resource,
        "ServiceCategory": category,
        "ServiceName": service,
        "ServiceSubcategory": subcategory,
        "SubAccountId": charge.use_case,
        "SubAccountName": charge.use_case,
        "SubAccountType": "Class of work",
        "x_Class": charge.use_case,
        "x_Item": charge.item,
        "x_Period": charge.period,
        "x_Platform": charge.platform,
        "x_Site": charge.site,
    }


def _amounts(charge: Charge) -> dict[str, str]:
    """Cost, price and quantities; what comes back, such as tax of a year with losses, is a credit without a price."""
    category = CATEGORIES[CHARGES[charge.item]]
    cost = Decimal(charge.cost_usd).quantize(DIGITS, context=EXACT)
    if cost < 0 or category == "Tax":
        return {"ChargeCategory": "Credit" if cost < 0 else category, **_costs(cost)}
    quantity, unit, meter, consumed = _quantity(charge)
    price = EXACT.divide(cost, quantity).quantize(PRICE_DIGITS, context=EXACT) if quantity else Decimal(0)
    where = f"{charge.item}/{charge.site}/{charge.platform}/{charge.use_case}"
    found = {
        "ChargeCategory": category,
        "PricingCategory": "Standard",
        "PricingQuantity": shown(quantity),
        "PricingUnit": unit,
        "ListUnitPrice": shown(price),
        "ContractedUnitPrice": shown(price),
        "SkuId": charge.item,
        "SkuMeter": meter,
        "SkuPriceId": f"{where}/{charge.period}",
        **_costs(EXACT.multiply(price, quantity)),
    }
    if category == "Usage":
        found |= {"ConsumedQuantity": shown(consumed), "ConsumedUnit": meter}
    return found


def _quantity(charge: Charge) -> tuple[Decimal, str, str, Decimal]:
    """What a price is for: quantity, unit and meter, and the quantity on the meter."""
    if charge.tokens is not None:
        quantity = (Decimal(charge.tokens) / MILLION).quantize(DIGITS, context=EXACT)
        return quantity, "1000000 Tokens", "Tokens", EXACT.multiply(quantity, MILLION)
    if charge.package_h is not None:
        quantity = Decimal(charge.package_h).quantize(DIGITS, context=EXACT)
        return quantity, "GPU-Hours", "GPU-Hours", quantity
    return Decimal(1), "Units", "Units", Decimal(1)


def _costs(cost: Decimal) -> dict[str, str]:
    names = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
    return dict.fromkeys(names, shown(cost))
