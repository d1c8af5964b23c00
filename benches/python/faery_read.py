"""faery over EVT2, EVT2.1, EVT3, DAT and text; see protocol.py.

`read` makes one structured array (`to_array`); `scan` takes packets as they come and keeps none.
"""

import faery
from faery import CsvProperties

from protocol import Sums, serve, version_of


def lines(separator, t, x, y, on, to_us):
    return CsvProperties(
        has_header=False,
        separator=separator,
        t_index=t,
        x_index=x,
        y_index=y,
        on_index=on,
        t_scale=to_us,
        on_value=b"1",
        off_value=b"0",
        skip_errors=False,
    )


# A scale of 0 leaves the times as they are.
OPTIONS = {
    "text-us": {"file_type": "csv", "csv_properties": lines(b",", 3, 0, 1, 2, 0.0)},
    "text-s": {"file_type": "csv", "csv_properties": lines(b" ", 0, 1, 2, 3, 1e6)},
}


def stream(dialect, path):
    # The size is for text, which does not tell it.
    return faery.events_stream_from_file(
        path, dimensions_fallback=(1280, 720), **OPTIONS.get(dialect, {})
    )


def once(job, dialect, path):
    if job == "scan":
        return sum(len(packet) for packet in stream(dialect, path))
    return len(stream(dialect, path).to_array())


def check(job, dialect, path):
    events = stream(dialect, path)
    sums = Sums()
    for packet in events if job == "scan" else [events.to_array()]:
        sums.add(packet["x"], packet["y"], packet["t"], packet["on"])
    return sums.found


serve(version_of("faery"), once, check)
