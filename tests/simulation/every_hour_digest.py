"""Lives through a pickled plan in a process of its own and prints what its hours come to: for `test_every_hour`."""

import hashlib
import pickle
import sys
from pathlib import Path

from gigawatt.simulation import Timeline, simulate


def digest(timeline: Timeline) -> str:
    """Of the bytes of every array."""
    found = hashlib.sha256()
    for data in (timeline.data, timeline.outages):
        for name in sorted(data.variables):
            found.update(name.encode() + data[name].values.tobytes())
    return found.hexdigest()


if __name__ == "__main__":
    scenario, plan, window = pickle.loads(Path(sys.argv[1]).read_bytes())
    print(digest(simulate(scenario, plan, window=window)))
