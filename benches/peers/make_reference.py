"""Writes a table of reference values: `make_reference.py VOLUMES.jsonl -o reference.json`.

VOLUMES.jsonl is what `solves --export DIR` prints. Each volume is solved by run_reference.py with both kinds of planes.
Values that the table holds already are kept, so that it can grow. Standard library only.
"""
import argparse
import json
import os
import sys

import process
import tables

HERE = os.path.dirname(os.path.abspath(__file__))


def solve(python, path, axis, planes, timeout):
    command = [python, os.path.join(HERE, "run_reference.py"), path, str(axis), f"planes={planes}"]
    ended = process.run(command, {}, timeout)
    results = [line[7:] for line in ended.out.splitlines() if line.startswith("RESULT ")]
    if ended.status is None:
        raise SystemExit(f"{path}: not solved in {timeout:.0f} s")
    result = json.loads(results[-1]) if results else {}
    if ended.status != 0 or not result.get("converged"):
        raise SystemExit(f"{path}: no reference value: {result or process.last_words(ended)}")
    return result


def entry(line, path, axis, python, planes, timeout):
    volume = tables.describe(path)
    if volume["conducting_voxels"] != line["conducting_voxels"]:
        raise SystemExit(f"{path} has {volume['conducting_voxels']} conducting voxels, its line {line['conducting_voxels']}")
    faces = solve(python, path, axis, "faces", timeout)
    if faces["tau"] is None:
        print(f"{path}: does not percolate along {tables.DIRECTIONS[axis]}, left out", file=sys.stderr)
        return None
    found = {**volume, "case": line["case"], "seed": line["seed"], "direction": tables.DIRECTIONS[axis]}
    found["tau"], found["tau_percolating"] = faces["tau"], faces["tau_percolating"]
    found["method"] = f"{faces['version']}, f64, residual {faces['residual']:.0e}"
    if planes == "both":
        found["tau_centre_planes"] = solve(python, path, axis, "centres", timeout)["tau"]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", help="what 'solves --export' printed")
    parser.add_argument("-o", "--output", required=True, help="the table")
    parser.add_argument("--axis", type=int, default=0, choices=(0, 1, 2), help="0 is z, 1 is y, 2 is x [0]")
    parser.add_argument("--planes", default="both", choices=("faces", "both"), help="faces alone takes half the time")
    parser.add_argument("--python", default=sys.executable, help="a Python with numpy, scipy and pyamg")
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds for one solve [3600]")
    options = parser.parse_args()
    table = {"schema": tables.SCHEMA, "entries": []}
    if os.path.exists(options.output):
        table = tables.read_table(options.output)
    for text in open(options.lines):
        line = json.loads(text)
        known = tables.find(table, tables.describe(line["file"]), tables.DIRECTIONS[options.axis])
        if known is not None and (options.planes == "faces" or "tau_centre_planes" in known):
            continue
        found = entry(line, line["file"], options.axis, options.python, options.planes, options.timeout)
        if found is None:
            continue
        table["entries"] = [other for other in table["entries"] if other is not known] + [found]
        # After each, so that a run that is cut short leaves what it had, and whole.
        with open(options.output + ".part", "w") as file:
            json.dump(table, file, indent=1)
            file.write("\n")
        os.replace(options.output + ".part", options.output)
        print(f"{found['file']}: tau = {found['tau']:.8f}", file=sys.stderr)


if __name__ == "__main__":
    main()
