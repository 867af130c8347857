"""The columns of FOCUS, versions 1.0 to 1.4: which are mandatory, and which tell versions and datasets apart [1].

Custom columns begin with "x_". Versions up to 1.2 know one dataset, 1.3 two and 1.4 four.

References
----------
1. FinOps Foundation, FOCUS 1.0 to 1.4, cost and usage and the other datasets, focus.finops.org (CC-BY-4.0).
"""

from __future__ import annotations

from collections.abc import Collection

# Mandatory in cost and usage from 1.0 on; the names of who sells and who hosts change below.
MANDATORY = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ServiceCategory",
    "ServiceName",
)
OLD_PARTIES, NEW_PARTIES = ("ProviderName", "PublisherName"), ("ServiceProviderName", "HostProviderName")
PARTIES = {"1.0": OLD_PARTIES, "1.1": OLD_PARTIES, "1.2": OLD_PARTIES, "1.3": NEW_PARTIES, "1.4": NEW_PARTIES}
# Newest version first: columns of cost and usage that came with it.
INTRODUCED = {
    "1.4": ("CommitmentProgramEligibilityDetails", "InvoiceDetailId"),
    "1.3": (
        *NEW_PARTIES,
        "AllocatedMethodDetails",
        "AllocatedMethodId",
        "AllocatedResourceId",
        "AllocatedResourceName",
        "AllocatedTags",
        "ContractApplied",
    ),
    "1.2": (
        "BillingAccountType",
        "InvoiceId",
        "PricingCurrency",
        "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyEffectiveCost",
        "PricingCurrencyListUnitPrice",
        "SubAccountType",
    ),
    "1.1": (
        "CapacityReservationId",
        "CapacityReservationStatus",
        "CommitmentDiscountQuantity",
        "CommitmentDiscountUnit",
        "ServiceSubcategory",
        "SkuMeter",
        "SkuPriceDetails",
    ),
}
# A column that no cost and usage has → the dataset that it is of.
OTHER_DATASETS = {
    "ContractCommitmentType": "contract commitment",
    "InvoiceDetailGrain": "invoice detail",
    "BillingPeriodStatus": "billing period",
}
# Columns that are read where they are there.
READ = (
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedUnitPrice",
    "ListUnitPrice",
    "RegionId",
    "SkuMeter",
    "SkuPriceDetails",
)
# Numbers and times are the same charge however they are written.
NUMBERS = (
    "BilledCost",
    "CommitmentDiscountQuantity",
    "ConsumedQuantity",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "ListCost",
    "ListUnitPrice",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
)
TIMES = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
# What a charge gets when it is invoiced, which makes no other charge of it.
INVOICE = ("InvoiceId", "InvoiceDetailId")
_NAMES = {
    name.lower(): name
    for name in (*MANDATORY, *OLD_PARTIES, *READ, *NUMBERS, *(name for names in INTRODUCED.values() for name in names))
}


def canonical(header: Collection[str]) -> list[str]:
    """The columns of a header as FOCUS spells them, for databases turn names into lower case; others as they are."""
    return [_NAMES.get(name.lower(), name) for name in header]


def other_dataset(header: Collection[str]) -> str:
    """Which dataset of FOCUS a header is of other than cost and usage; "" where it is of none."""
    names = {name.lower() for name in header}
    return next((dataset for column, dataset in OTHER_DATASETS.items() if column.lower() in names), "")


def version_of(header: Collection[str]) -> str:
    """The version whose columns a header of cost and usage has: the newest that something in it came with.

    A file of 1.4 that has none of its new columns is told from one of 1.3 by the columns that 1.4 took away.
    """
    version = next((version for version, names in INTRODUCED.items() if not set(names).isdisjoint(header)), "1.0")
    return "1.4" if version == "1.3" and set(OLD_PARTIES).isdisjoint(header) else version


def missing(header: Collection[str], version: str) -> list[str]:
    """The mandatory columns of a version that a header lacks."""
    return [name for name in sorted((*MANDATORY, *PARTIES[version])) if name not in header]
