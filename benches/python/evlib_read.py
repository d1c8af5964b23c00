"""evlib over EVT2, EVT2.1, EVT3, HDF5 and text; see protocol.py.

`read` loads the file into a Polars DataFrame, not sorted again. There is no other job: what evlib
calls lazy has been loaded whole.
"""

import contextlib
import io
import os

with contextlib.redirect_stdout(io.StringIO()):  # it tells that PyTorch is not there
    import evlib
import polars as pl

from protocol import Sums, serve, version_of


def load(path):
    return evlib.load_events(path, sort=False).collect()


def once(_job, _dialect, path):
    return load(path).height


def check(_job, _dialect, path):
    frame = load(path)
    time_us = frame["t"].cast(pl.Int64)
    columns = [frame["x"], frame["y"], time_us, frame["polarity"]]
    return Sums().add(*(column.to_numpy() for column in columns)).found


serve(version_of("evlib"), once, check, threads=os.cpu_count())
