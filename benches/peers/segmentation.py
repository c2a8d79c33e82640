"""Segmentation of rare solid: foamflux beside scikit-image on the same generated stacks, all scored by `foamflux segment --truth`.

    python benches/peers/segmentation.py --foamflux target/release/foamflux cmf-sem:144:ct cmf-sem:144:fib-sem

Needs numpy, scipy, tifffile and scikit-image. Each stack is taken as the generator makes it, and with noise added until the contrast
is 5.7 and 3 times the noise. Prints a table in Markdown; seconds are those of whole processes for foamflux and of the calls for
scikit-image.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile
from scipy import ndimage
from skimage.filters import sobel, threshold_multiotsu, threshold_otsu
from skimage.segmentation import random_walker, watershed

HEAD = "| stack | method | Dice | volume % | area % | thickness % | boundary | tau % | s |\n" + "|---" * 9 + "|"


def foamflux(*words):
    start = time.time()
    done = subprocess.run([ARGS.foamflux, *map(str, words)], capture_output=True, text=True, check=True)
    return done.stdout, time.time() - start


def voxel_size(path):
    """What the labels of a host state, as a flag takes it."""
    with tifffile.TiffFile(path) as file:
        pixels, unit = file.pages[0].tags["XResolution"].value
        edge = unit / pixels
        return f"{edge:g}um,{edge:g}um,{file.imagej_metadata['spacing']:g}um"


def noisier(grey, solid):
    """The stack by name: as it is, and at lower contrasts over noise."""
    core = ndimage.binary_erosion(solid)
    far = ~ndimage.binary_dilation(solid, iterations=5)
    contrast = np.median(grey[core]) - np.median(grey[far])
    noise = 0.5 * (grey[far].std() + grey[core].std())
    yield f"{contrast / noise:.1f}", grey
    for ratio in (5.7, 3.0):
        extra = (contrast / ratio) ** 2 - noise**2
        if extra > 0:
            added = np.random.default_rng(5).normal(0, extra**0.5, grey.shape)
            yield str(ratio), np.clip(np.round(grey + added), 0, 255).astype(np.uint8)


def seeds(grey):
    """Voxels that are surely pore (1) or solid (2): beyond the middle between Otsu's threshold and either mean."""
    smooth = ndimage.gaussian_filter(grey.astype(np.float32), 1)
    cut = threshold_otsu(smooth)
    low, high = smooth[smooth < cut].mean(), smooth[smooth >= cut].mean()
    sure = np.zeros(grey.shape, np.uint8)
    sure[smooth < 0.5 * (low + cut)] = 1
    sure[smooth > 0.5 * (high + cut)] = 2
    return smooth, sure


def by_median(grey):
    smooth = ndimage.median_filter(grey, 3)
    return smooth > threshold_otsu(smooth)


def by_watershed(grey):
    smooth, sure = seeds(grey)
    return watershed(sobel(smooth), sure) == 2


def by_random_walker(grey):
    return random_walker(grey.astype(np.float32), seeds(grey)[1], beta=130, mode="cg_j") == 2


PEERS = {
    "scikit-image median 3 + Otsu": by_median,
    "scikit-image multi-Otsu 3": lambda grey: grey > threshold_multiotsu(grey, 3)[-1],
    "scikit-image watershed": by_watershed,
    "scikit-image random walker": by_random_walker,
}


def row(stack, method, text, seconds):
    score = json.loads(text)["score"]
    off = [100 * (score[key]["relative"] or float("nan")) for key in ("solid_fraction", "area_per_volume", "thickness_mean")]
    tau = ", ".join(f"{k} {100 * v['relative']:+.2f}" for k, v in score["tau"].items() if v["relative"] is not None)
    apart = (score["boundary_distance_vox"] or {}).get("mean", float("nan"))
    numbers = " | ".join(f"{v:+.1f}" for v in off)
    print(f"| {stack} | {method} | {score['dice']:.4f} | {numbers} | {apart:.2f} | {tau} | {seconds:.1f} |", flush=True)


def compare(spec, folder):
    host, size, mode = spec.split(":")
    made = folder / spec.replace(":", "_")
    foamflux("host", host, "--size", size, f"--grey={mode}", "-o", made, "-q")
    truth = made / ("labels_imaged.tif" if mode == "fib-sem" else "labels.tif")
    grey = np.stack([tifffile.imread(path) for path in sorted((made / "grey").glob("*.tif"))])
    common = ["--content=grey", "--voxel-size", voxel_size(truth), "--no-doubt", "--json", "-q"]
    scored = ["--truth", truth, "--truth-tau", ARGS.axis]
    stack = folder / "stack.tif"
    for ratio, image in noisier(grey, tifffile.imread(truth) > 0):
        name = f"{host} {size} {mode}, contrast {ratio}"
        tifffile.imwrite(stack, image, photometric="minisblack")
        for method in ([], ["--method=watershed"]):
            seconds = foamflux("segment", stack, *common, *method)[1]
            row(name, " ".join(["foamflux", *method]), foamflux("segment", stack, *common, *scored, *method)[0], seconds)
        for method, segment in PEERS.items():
            start = time.time()
            mask = segment(image)
            seconds = time.time() - start
            tifffile.imwrite(stack, mask.astype(np.uint8) * 200, photometric="minisblack")
            row(name, method, foamflux("segment", stack, *common, *scored, "--threshold=100")[0], seconds)
            tifffile.imwrite(stack, image, photometric="minisblack")


parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
parser.add_argument("--foamflux", default="foamflux", help="the program")
parser.add_argument("--axis", default="z", help="direction of tau")
parser.add_argument("stacks", nargs="+", metavar="HOST:SIZE:ct|fib-sem")
ARGS = parser.parse_args()
print(HEAD)
with tempfile.TemporaryDirectory() as place:
    for spec in ARGS.stacks:
        compare(spec, Path(place))
