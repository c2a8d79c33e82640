"""What the runners share: arguments, the volume, the line that they print.

A runner is called as `run_TOOL.py VOLUME AXIS [OPTION=VALUE ...]`: VOLUME is a .npy file whose values above 0 conduct,
AXIS is 0, 1 or 2 (z, y, x: the array is [z][y][x]). It prints one line, `RESULT {...}`, with

    tool, version       what ran
    tau                 as the tool reports it (null where it does not)
    planes              "faces": potentials are held on the outer faces of the box; "centres": at the first and last voxel
    length              "n" or "n-1": voxel edges that the tool divides the potential drop by
    porosity            "whole" or "percolating": the volume fraction in tau = porosity / D
    porosity_used       that fraction
    iterations, converged
    seconds_solve       from the array in memory to tau, set-up included, imports and reading excluded

or `RESULT {"missing": why}` where the tool cannot be imported, or `RESULT {"failed": why}`.
"""
import importlib.metadata
import json
import sys
import time


def arguments(**defaults):
    """Path, axis and options (those named in the call, of the type of their default)."""
    path, axis = sys.argv[1], int(sys.argv[2])
    options = dict(defaults)
    for argument in sys.argv[3:]:
        name, _, value = argument.partition("=")
        if name not in defaults:
            raise SystemExit(f"{name} is no option of this runner: it has {', '.join(defaults) or 'none'}")
        options[name] = type(defaults[name])(value)
    return path, axis, options


def load(path):
    """The volume as u8, 1 where it conducts."""
    import numpy

    return (numpy.load(path) > 0).astype(numpy.uint8)


def version(*packages):
    """Versions of the packages, as installed."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)


def print_result(**result):
    print("RESULT " + json.dumps(result), flush=True)


def missing(error):
    print_result(missing=f"{type(error).__name__}: {error}")
    raise SystemExit(0)


def failed(error):
    print_result(failed=f"{type(error).__name__}: {str(error)[:300]}")
    raise SystemExit(0)


class Clock:
    """Seconds of a `with` block."""

    def __enter__(self):
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.start
