"""From tomography and SEM stacks of porous lithium hosts to numbers with errors, and maps.

Arrays are `[z, y, x]`; lengths are in metres, or text with a unit (`"1.2um"`); triples are in x, y, z order, as on the
command line. Functions have the names of its commands, and keyword arguments those of its long flags with `_` for `-`:
what is not named here is passed on, and what foamflux does not know is refused.

Results are the dictionaries that `foamflux COMMAND --json` prints, SI units in the keys. Their warnings are raised as
`FoamfluxWarning` too.
"""

from __future__ import annotations

import json as _json
import os as _os
import warnings as _warnings
from typing import Any, NamedTuple, Optional, Sequence, Union

import numpy as _np
from numpy.typing import ArrayLike, NDArray

from foamflux import _native
from foamflux._errors import (
    DeviceError,
    FoamfluxError,
    FoamfluxWarning,
    InputError,
    NotConverged,
    NotEnoughMemory,
    UsageError,
)

__version__: str = _native.__version__

#: One edge for all axes or three in x, y, z order; metres, or text with a unit.
Length = Union[float, str, Sequence[float], Sequence[str]]
Results = dict

__all__ = [
    "DeviceError",
    "FoamfluxError",
    "FoamfluxWarning",
    "InputError",
    "Labelled",
    "Mapped",
    "NotConverged",
    "NotEnoughMemory",
    "Stack",
    "UsageError",
    "current",
    "impedance",
    "measure",
    "read",
    "segment",
    "tag",
    "transport",
]


class Stack(NamedTuple):
    """What was read: voxels `[z, y, x]`, edges of a voxel in metres (x, y, z; `None` where unknown), and how."""

    data: NDArray[Any]
    voxel_size: Optional[tuple]
    results: Results


class Labelled(NamedTuple):
    """Labels `[z, y, x]` (0 pore, 1 fibre, 2 node, ...) and what was found."""

    labels: NDArray[_np.uint8]
    results: Results


class Mapped(NamedTuple):
    """What was found, and maps `[z, y, x]` (vectors `[z, y, x, 3]` in x, y, z order) by name; empty unless asked for."""

    results: Results
    maps: dict


def read(path: Union[str, "_os.PathLike[str]"], **options: Any) -> Stack:
    """Read a folder of slices, a TIFF, .npy, .nrrd, .raw (with `shape` and `dtype`) or .zip of one."""
    data, text = _native.read(_os.fspath(path), _options(options))
    results = _results(text)
    size = results["volume"]["voxel_size_m_xyz"]
    return Stack(data, None if size is None else tuple(size), results)


def segment(grey: ArrayLike, /, *, voxel_size: Optional[Length] = None, method: str = "auto", **options: Any) -> Labelled:
    """Cut grey values into pore (0) and fibre (1)."""
    labels, text = _native.segment(_array(grey), _options(options, voxel_size=voxel_size, method=method))
    return Labelled(labels, _results(text))


def tag(labels: ArrayLike, /, *, voxel_size: Optional[Length] = None, **options: Any) -> Labelled:
    """Tag nodes (2) and fibres (1), and measure their network."""
    tags, text = _native.tag(_array(labels), _options(options, voxel_size=voxel_size))
    return Labelled(tags, _results(text))


def measure(labels: ArrayLike, /, *, voxel_size: Optional[Length] = None, **options: Any) -> Results:
    """Volume fractions, surface area, thickness, components, percolation."""
    return _results(_native.measure(_array(labels), _options(options, voxel_size=voxel_size)))


def transport(
    labels: ArrayLike,
    /,
    *,
    voxel_size: Optional[Length] = None,
    phase: str = "pore",
    direction: str = "all",
    tol: Union[float, str] = "0.1%",
    maps: bool = False,
    **options: Any,
) -> Mapped:
    """Tortuosity factor of a phase, with bounds; `maps` adds potential, flux and loss for each direction."""
    table = _options(options, voxel_size=voxel_size, phase=[phase], direction=direction, tol=tol)
    text, found = _native.transport(_array(labels), table, maps)
    return Mapped(_results(text), found)


def current(
    labels: ArrayLike,
    /,
    *,
    voxel_size: Length,
    current: Union[float, str] = "1mA/cm2",
    maps: bool = False,
    **options: Any,
) -> Mapped:
    """Current distribution on the surface of a host; `current` per cross-section in A/m2 or as text."""
    if not isinstance(current, str):
        current = f"{float(current)!r}A/m2"
    text, found = _native.current(_array(labels), _options(options, voxel_size=voxel_size, current=current), maps)
    return Mapped(_results(text), found)


def impedance(labels: ArrayLike, /, *, voxel_size: Length, **options: Any) -> Results:
    """Impedance of a host at rest, and its relaxation times."""
    return _results(_native.impedance(_array(labels), _options(options, voxel_size=voxel_size)))


def _array(values: ArrayLike) -> NDArray[Any]:
    """As contiguous [z, y, x] of a type that the native half takes."""
    array = _np.asarray(values)
    if array.ndim != 3:
        raise InputError(f"an array of three dimensions [z, y, x] is expected, and this one has {array.ndim}")
    kind = array.dtype
    if kind == _np.bool_:
        array = array.view(_np.uint8) if array.flags.c_contiguous else array.astype(_np.uint8)
    elif kind.kind == "f":
        array = array.astype(_np.float32, copy=False)
        if not _np.isfinite(array).all():
            raise InputError("some voxels are NaN or infinite: they belong to no phase; replace them, or cut them off")
    elif kind.kind in "iu":
        if kind.itemsize == 8 or kind == _np.int8:
            low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
            if low < -(2**31) or high >= 2**31:
                raise InputError(f"voxels of {low} to {high} do not fit in 32 bits: scale them")
            array = array.astype(_np.int32)
    else:
        raise InputError(f"voxels of type {kind} are neither grey values nor labels")
    return _np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def _length(value: Length) -> str:
    parts = [value] if isinstance(value, (str, int, float)) else list(value)
    return ",".join(p if isinstance(p, str) else f"{float(p)!r}m" for p in parts)


def _options(options: dict, **named: Any) -> str:
    table = {key: value for key, value in {**options, **named}.items() if value is not None}
    if "voxel_size" in table:
        table["voxel_size"] = _length(table["voxel_size"])
    if "labels" in table and not isinstance(table["labels"], str):
        table["labels"] = ",".join(f"{name}={value}" for name, value in dict(table["labels"]).items())
    for key, value in table.items():
        if isinstance(value, _np.generic):
            table[key] = value.item()
    return _json.dumps({key.replace("_", "-"): value for key, value in table.items()})


def _results(text: str) -> Results:
    results = _json.loads(text)
    for warning in results.get("warnings", ()):
        _warnings.warn(warning, FoamfluxWarning, stacklevel=3)
    return results
