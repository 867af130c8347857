"""What the arrays of a plan are: decisions in SI, and the money that follows."""

from __future__ import annotations

from gigawatt.programme.declared import declared

DECISIONS = declared(
    install_count=("period site platform", "racks", "racks that start in the quarter"),
    stock_count=("period site platform", "racks", "racks in service at the end of the quarter"),
    it_w=("period site", "W", "IT power in service at its end"),
    facility_w=("period site", "W", "facility power in service at its end"),
    energise_w=("period site", "W", "facility power of shells that are energised in the quarter"),
    shell_w=("period site", "W", "facility power of shells that stand at its end"),
    gross_w=("period", "W", "power ever installed, on the basis of the tranches"),
    gross_facility_w=("period", "W", "facility power ever installed since the start"),
    work_count=("period block platform use_case", "racks", "racks at work on a class of inference"),
    train_count=("period platform run", "racks", "racks that a training run holds"),
    research_count=("period block platform experiment", "racks", "racks at work on experiments"),
    served_tokens_per_s=("period block use_case", "tokens/s", "output tokens served in the block"),
    cash_usd=("period", "USD", "cash at the end of the quarter"),
    debt_usd=("period", "USD", "debt at the end of the quarter"),
    interest_usd=("period", "USD", "interest on what was owed a quarter before"),
    distribution_usd=("period", "USD", "cash that is paid out"),
    tranche_usd=("milestone period", "USD", "money of a tranche as it is released"),
    book_usd=("period", "USD", "net book value of racks and shells at its end"),
)
