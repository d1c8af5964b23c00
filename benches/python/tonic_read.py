"""tonic over N-MNIST and AEDAT4; see protocol.py. Of Prophesee's formats it reads none.

`read` makes one structured array of the file. AEDAT4 takes the package `aedat`.
"""

import numpy as np
import tonic.io

from protocol import Sums, serve, version_of


def read(dialect, path):
    if dialect == "aedat4":
        return tonic.io.read_aedat4(path)
    return tonic.io.read_mnist_file(path, dtype=tonic.io.events_struct)


def once(_job, dialect, path):
    return len(read(dialect, path))


def check(_job, dialect, path):
    array = read(dialect, path)
    polarity = array["p" if "p" in array.dtype.names else "on"].astype(np.uint8)
    return Sums().add(array["x"], array["y"], array["t"], polarity).found


serve(version_of("tonic"), once, check)
