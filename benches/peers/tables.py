"""Volumes, the table of reference values, and what conventions do to tau. Standard library only."""
import ast
import json
import os

SCHEMA = "foamflux.bench.reference/1"
DIRECTIONS = "zyx"


def describe(path):
    """Shape and number of conducting voxels of a .npy file of u8, as `solves --export` writes them."""
    with open(path, "rb") as file:
        magic = file.read(8)
        if magic[:6] != b"\x93NUMPY":
            raise SystemExit(f"{path} is no .npy file: write volumes with 'solves --export DIR'")
        length = int.from_bytes(file.read(2 if magic[6] == 1 else 4), "little")
        header = ast.literal_eval(file.read(length).decode("latin1"))
        if header["descr"] not in ("|u1", "|b1") or header["fortran_order"] or len(header["shape"]) != 3:
            raise SystemExit(f"{path} holds {header}: volumes are u8 arrays [z][y][x], 1 where they conduct")
        conducting = 0
        while block := file.read(1 << 24):
            conducting += len(block) - block.count(0)
    return {"file": os.path.basename(path), "shape_zyx": list(header["shape"]), "conducting_voxels": conducting}


def read_table(path):
    with open(path) as file:
        table = json.load(file)
    if table.get("schema") != SCHEMA:
        raise SystemExit(f"{path}: its schema is {table.get('schema')!r}, not {SCHEMA}")
    return table


def find(table, volume, direction):
    """The entry of a volume along a direction, or None; a volume with other voxels is refused."""
    for entry in table["entries"]:
        if entry.get("file") == volume["file"] and entry["direction"] == direction:
            for key in ("shape_zyx", "conducting_voxels"):
                if entry[key] != volume[key]:
                    raise SystemExit(
                        f"{volume['file']}: {key} is {volume[key]} and {entry[key]} in the table: the volumes differ"
                    )
            return entry
    return None


def errors(result, entry, layers):
    """Relative errors of a tool's tau: as printed, and in the tool's own convention.

    As printed is against the reference with outer faces, n voxel edges and the whole porosity, whatever the tool means.
    In its own convention the reference has the tool's planes, and tau is brought to the whole porosity and to the length
    between its planes: what remains is how well the tool solved its own problem. None where it is not known.
    """
    if entry is None or result.get("tau") is None:
        return None, None
    printed = result["tau"] / entry["tau"] - 1.0
    tau = result["tau"]
    if result["porosity"] == "percolating":
        whole = entry["conducting_voxels"] / product(entry["shape_zyx"])
        tau *= whole / result["porosity_used"]
    if result["planes"] == "faces":
        return printed, tau / entry["tau"] - 1.0
    if entry.get("tau_centre_planes") is None:
        return printed, None
    # The planes are n - 1 edges apart; a tool that divides by n edges reports tau too small by (n - 1) / n.
    if result["length"] == "n":
        tau *= layers / (layers - 1)
    return printed, tau / entry["tau_centre_planes"] - 1.0


def product(numbers):
    out = 1
    for number in numbers:
        out *= number
    return out
