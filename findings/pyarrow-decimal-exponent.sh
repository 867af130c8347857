#!/usr/bin/env bash
# pyarrow 26.0.1: a decimal128 column is exact, but written to CSV, or cast to text, a value below a millionth comes out with
# an exponent ("3.00E-7"), its neighbours of the same column without one ("12.500000000"). Prices of single tokens are of
# that size, and bills in FOCUS are kept as Parquet and handed on as CSV, in which FOCUS's checkers refuse an exponent for a
# number of a type with decimals. The column's scale, 9 digits, is the same for both values.
# Seen with pyarrow 26.0.1, Python 3.11: "3.00E-7" and "12.500000000". Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install pyarrow==26.0.1
"$work/venv/bin/python" - <<'PY'
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv

prices = pa.array([Decimal("0.0000003"), Decimal("0.000001"), Decimal("12.5")], pa.decimal128(20, 9))
cast = prices.cast(pa.string()).to_pylist()
print("cast to text:", cast)
assert cast == ["3.00E-7", "0.000001000", "12.500000000"], "decimals are cast in another way now"

written = io.BytesIO()
pyarrow.csv.write_csv(pa.table({"UnitPrice": prices}), written)
print("written as CSV:", written.getvalue().decode().split())
assert b"3.00E-7" in written.getvalue(), "CSV has no exponent any more"
PY
