"""Thinning and graph with scikit-image and skan on a mask of bytes: `skeleton.py MASK.raw N [ROUNDS]`.

The mask is what `DUMP=FOLDER cargo test --release -p foamflux-network --test timing -- --ignored` writes, N^3 bytes.
Prints medians of seconds for skimage.morphology.skeletonize, skan.Skeleton and skan.summarize.
"""
import statistics
import sys
import time

import numpy
import skan
from skimage.morphology import skeletonize


def main():
    n = int(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    mask = numpy.fromfile(sys.argv[1], dtype=numpy.uint8).reshape(n, n, n).astype(bool)
    seconds = []
    for _ in range(rounds):
        begin = time.perf_counter()
        thin = skeletonize(mask)
        middle = time.perf_counter()
        graph = skan.Skeleton(thin)
        table = skan.summarize(graph, separator="-")
        seconds.append((middle - begin, time.perf_counter() - middle))
    thinning, tracing = (statistics.median(s) for s in zip(*seconds))
    print(f"scikit-image {thinning:.2f} s, skan {tracing:.2f} s, {int(thin.sum())} voxels, {len(table)} branches")


main()
