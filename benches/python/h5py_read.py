"""h5py over HDF5; see protocol.py.

`read` reads every column whole, each into an array of its own; of Prophesee's files the records, as
they are one dataset. The codecs of hdf5plugin are used where it is installed; that of Prophesee (ECF) is
not among them, and is found where HDF5_PLUGIN_PATH names its folder.
"""

import contextlib

import h5py

with contextlib.suppress(ImportError):
    import hdf5plugin  # noqa: F401  registers its codecs

from protocol import Sums, serve


def read(dialect, path):
    with h5py.File(path, "r") as file:
        if dialect == "h5-ecf":
            records = file["CD/events"][:]
            return {name: records[name] for name in ("x", "y", "t", "p")}
        events = file["events"]
        return {name: events[name][:] for name in ("x", "y", "t", "p")}


def once(_job, dialect, path):
    return len(read(dialect, path)["t"])


def check(_job, dialect, path):
    columns = read(dialect, path)
    return Sums().add(*(columns[name] for name in ("x", "y", "t", "p"))).found


serve(h5py.__version__, once, check)
