"""openeb (Metavision) over RAW, DAT and its HDF5; see protocol.py. It comes from no registry.

`scan` takes arrays of a million events and keeps none.
"""

import metavision_core
from metavision_core.event_io import EventsIterator

from protocol import Sums, serve

BATCH_EVENTS = 1_000_000


def batches(path):
    return EventsIterator(path, mode="n_events", n_events=BATCH_EVENTS)


def once(_job, _dialect, path):
    return sum(len(batch) for batch in batches(path))


def check(_job, _dialect, path):
    sums = Sums()
    for batch in batches(path):
        sums.add(batch["x"], batch["y"], batch["t"], batch["p"])
    return sums.found


# The file is read in a thread of its own.
serve(getattr(metavision_core, "__version__", "of unknown version"), once, check, threads=2)
