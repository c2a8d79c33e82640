"""Thinning and graph with scikit-image and skan on a mask of bytes, beside foamflux: `skeleton.py MASK.raw N [ROUNDS [FOAMFLUX]]`.

The mask is what `DUMP=FOLDER cargo test --release -p foamflux-network --test timing -- --ignored` writes, N^3 bytes.
Prints medians of seconds for skimage.morphology.skeletonize, skan.Skeleton and skan.summarize and, with the path of the
foamflux binary, of `foamflux tag` in turns with them, so that both meet the same load: its steps that make the same thing
(skeleton and graph, whose lengths are sums of steps in skan), those with lengths and diameters along smoothed axes, the
command without files, and the whole process; each with the median over the rounds of the peers' seconds over its own.
"""
import json
import statistics
import subprocess
import sys
import time

import numpy
import skan
from skimage.morphology import skeletonize


def peers(mask):
    begin = time.perf_counter()
    thin = skeletonize(mask)
    middle = time.perf_counter()
    table = skan.summarize(skan.Skeleton(thin), separator="-")
    return middle - begin, time.perf_counter() - middle, int(thin.sum()), len(table)


def ours(binary, path, n):
    command = [binary, "tag", path, "--shape", f"{n},{n},{n}", "--dtype", "u8", "--voxel-size", "1um", "--json", "-q"]
    begin = time.perf_counter()
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    process = time.perf_counter() - begin
    until = {}
    total = 0.0
    for step in found["seconds_by_step"]:
        total += step["seconds"]
        until[step["step"]] = total
    return {
        "skeleton and graph": until["graph"],
        "with lengths and diameters": until["nodes and fibres"],
        "the command without files": found["seconds"],
        "the whole process": process,
    }, found["seconds_by_step"]


def main():
    path, n = sys.argv[1], int(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    binary = sys.argv[4] if len(sys.argv) > 4 else None
    mask = numpy.fromfile(path, dtype=numpy.uint8).reshape(n, n, n).astype(bool)
    theirs, mine, steps = [], [], []
    for _ in range(rounds):
        theirs.append(peers(mask))
        if binary:
            seconds, by_step = ours(binary, path, n)
            mine.append(seconds)
            steps.append(by_step)
    thinning, tracing, voxels, branches = (statistics.median(c) for c in zip(*theirs))
    print(f"scikit-image {thinning:.2f} s, skan {tracing:.2f} s, {voxels} voxels, {branches} branches")
    for what in mine[0] if mine else []:
        seconds = statistics.median(m[what] for m in mine)
        ratio = statistics.median((t[0] + t[1]) / m[what] for t, m in zip(theirs, mine))
        print(f"foamflux {seconds:.2f} s {what}, peers take {ratio:.2f} times that")
    for i, step in enumerate(steps[0] if steps else []):
        print(f"   {statistics.median(s[i]['seconds'] for s in steps):.3f} s {step['step']}")


main()
