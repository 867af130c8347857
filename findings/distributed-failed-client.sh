#!/usr/bin/env bash
# distributed 2026.8.0, xarray 2026.9.0 with h5netcdf 1.8.2: a Client that could not be made is the default all the same.
#
# Seen: `Client("127.0.0.1")` raises ValueError, for the address has no port. As long as anybody holds that exception,
# and with it the client, it is what distributed.default_client() gives, and dask's setting "scheduler" is
# "dask.distributed". xarray, which asks dask for its locks, then fails to write a file that has nothing to do with
# either: "missing port number in address '127.0.0.1'". With set_as_default=False all of it stays as it was.
# What follows: study/futures/cluster.py makes its client so; tests/study/test_futures_cluster.py holds it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
  distributed==2026.8.0 dask==2026.8.0 xarray==2026.9.0 h5netcdf==1.8.2 h5py==3.16.0
cat > seen.py <<'PY'
import sys

import dask
import distributed
import xarray as xr

held = None
try:
    distributed.Client("127.0.0.1", set_as_default=sys.argv[1] == "default")
except ValueError as error:
    held = error
print("refused:", held)
print("setting:", dask.config.get("scheduler", None))
try:
    distributed.default_client()
    print("a default client")
except ValueError:
    print("no default client")
try:
    xr.Dataset({"a": ("x", [1, 2])}).to_netcdf("a.nc", engine="h5netcdf")
    print("written")
except ValueError as error:
    print("not written:", error)
PY
venv/bin/python seen.py default 2> /dev/null > default.txt
venv/bin/python seen.py other 2> /dev/null > other.txt
cat default.txt other.txt
diff default.txt - <<'TXT'
refused: missing port number in address '127.0.0.1'
setting: dask.distributed
a default client
not written: missing port number in address '127.0.0.1'
TXT
diff other.txt - <<'TXT'
refused: missing port number in address '127.0.0.1'
setting: None
no default client
written
TXT
echo "as seen"
