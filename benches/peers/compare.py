"""foamflux beside other tools: the same files, the same run, one after the other; a Markdown table.

    compare.py VOLUME.npy ... --foamflux target/release/foamflux --python VENV/bin/python --reference reference.json

Every tool is a process of its own. Rounds go over all tools, so that what is compared ran next to each other; seconds
and megabytes are medians of the rounds, ratios are medians of the ratios within a round. A tool that is missing, failed
or too slow has its row and says so. Standard library only; the runners need what they run.
"""
import argparse
import json
import os
import statistics
import sys

import process
import tables

HERE = os.path.dirname(os.path.abspath(__file__))

# glibc gives large blocks back to the system after every use, and torch asks for new ones in every iteration.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_TOP_PAD_": "1073741824"}

# Name, runner and its options, environment. The first one is what the others are compared with.
TOOLS = [
    ("foamflux, 1e-3", ["foamflux", "1e-3"], {}),
    ("foamflux, 1e-4", ["foamflux", "1e-4"], {}),
    ("reference", ["run_reference.py"], {}),
    ("TauFactor", ["run_taufactor.py", "threads={threads}"], {}),
    ("TauFactor, memory kept", ["run_taufactor.py", "threads={threads}"], KEEP_MEMORY),
    ("TauFactor, 1e-4, memory kept", ["run_taufactor.py", "threads={threads}", "criterion=1e-4"], KEEP_MEMORY),
    ("PoreSpy", ["run_porespy.py"], {}),
    ("OpenImpala", ["run_openimpala.py"], {}),
    ("PuMA", ["run_puma.py"], {}),
]


def foamflux(options, path, tolerance):
    """Command of the binary; the files hold 1 where they conduct, which is the fibre and so the solid."""
    return [options.foamflux, "transport", path, "--labels", "pore=0,fibre=1", "--phase", "solid", "--direction",
            tables.DIRECTIONS[options.axis], "--tol", tolerance, "--threads", str(options.threads), "--json", "-q"]


def of_foamflux(text, direction, status=0):
    """The binary's JSON as the line of a runner; it ends with status 5 where the tolerance was not reached."""
    found = json.loads(text)["directions"][direction]
    seconds = found["seconds"]
    return {"tool": "foamflux", "tau": found.get("tau"), "planes": "faces", "length": "n", "porosity": "whole",
            "porosity_used": None, "iterations": found.get("iterations") or 0, "converged": status == 0,
            "seconds_solve": seconds["setup"] + seconds["solve"] + seconds.get("certify", 0.0)}


def once(options, name, call, environment, path):
    """One run of one tool on one volume."""
    direction = tables.DIRECTIONS[options.axis]
    if call[0] == "foamflux":
        command = foamflux(options, path, call[1])
    else:
        runner = os.path.join(options.runners, call[0])
        if not os.path.exists(runner):
            return {"name": name, "missing": f"there is no {runner}"}
        more = [argument.format(threads=options.threads) for argument in call[1:]]
        command = [options.python, runner, path, str(options.axis), *more]
    threads = {key: str(options.threads) for key in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    ended = process.run(command, {**threads, **environment}, options.timeout)
    if ended.status is None:
        return {"name": name, "failed": f"more than {options.timeout:.0f} s"}
    try:
        if call[0] == "foamflux":
            result = of_foamflux(ended.out, direction, ended.status)
        else:
            result = json.loads([line[7:] for line in ended.out.splitlines() if line.startswith("RESULT ")][-1])
    except (ValueError, KeyError, IndexError):
        return {"name": name, "failed": f"exit {ended.status}: {process.last_words(ended)}"}
    return {**result, "name": name, "seconds_total": ended.seconds, "peak_mb": ended.peak_bytes / 1e6}


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(runs, base, key):
    """Median over the rounds of the ratio to the base tool in the same round."""
    ratios = [run[key] / base[round_][key] for round_, run in runs.items() if round_ in base and base[round_][key] > 0]
    return statistics.median(ratios) if ratios else None


def number(value, form):
    return "-" if value is None else format(value, form)


def row(name, runs, base, entry, layers):
    """A row of the table from all rounds of a tool: {round: result}."""
    good = {round_: run for round_, run in runs.items() if "tau" in run}
    if not good:
        last = list(runs.values())[-1]
        kind = "missing" if "missing" in last else "failed"
        return f"| {name} | {kind}: {last[kind].replace('|', '/')} | | | | | | | | |"
    results = list(good.values())
    printed, own = tables.errors(results[0], entry, layers)
    said = number(results[0]["tau"], ".6g") + ("" if results[0]["converged"] else " (not converged)")
    short = f" ({len(good)} of {len(runs)} rounds)" if len(good) < len(runs) else ""
    cells = [
        name + short,
        said,
        number(printed, "+.1e"),
        number(own, "+.1e"),
        str(results[0]["iterations"]),
        format(median(results, "seconds_solve"), ".3g"),
        format(median(results, "seconds_total"), ".3g"),
        format(median(results, "peak_mb"), ".0f"),
        number(ratio(good, base, "seconds_solve"), ".3g"),
        number(ratio(good, base, "seconds_total"), ".3g"),
    ]
    return "| " + " | ".join(cells) + " |"


HEAD = """| tool | tau as printed | error as printed | error, own convention | iterations | solve s | total s | peak MB | solve / foamflux | total / foamflux |
|---|---|---|---|---|---|---|---|---|---|"""


def report(volume, entry, names, results, axis):
    """The table of one volume. results: {name: {round: result}}."""
    reference = f"tau = {entry['tau']:.8g} ({entry['method']})" if entry else "no reference value"
    share = volume["conducting_voxels"] / tables.product(volume["shape_zyx"])
    lines = [f"**{volume['file']}**, {'x'.join(map(str, volume['shape_zyx']))}, {share:.4g} conducting, along "
             f"{tables.DIRECTIONS[axis]}; {reference}", "", HEAD]
    base = {round_: run for round_, run in results[names[0]].items() if run.get("tau") is not None}
    layers = volume["shape_zyx"][axis]
    lines += [row(name, results[name], base, entry, layers) for name in names]
    return "\n".join(lines) + "\n"


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("volumes", nargs="+", help=".npy files of u8, above 0 = conducting ('solves --export')")
    parser.add_argument("--foamflux", required=True, help="the release binary")
    parser.add_argument("--runners", default=HERE, help="folder of the runners [beside this script]")
    parser.add_argument("--python", default=sys.executable, help="Python that has the tools [this one]")
    parser.add_argument("--reference", help="table of reference values (make_reference.py)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds [3]")
    parser.add_argument("--axis", type=int, default=0, choices=(0, 1, 2), help="0 is z, 1 is y, 2 is x [0]")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of every tool [all]")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one run of one tool [1800]")
    parser.add_argument("--skip", action="append", default=[], help="leave out tools whose name begins so")
    parser.add_argument("--lines", help="append every single result here as JSON lines")
    return parser.parse_args(given)


def main():
    options = arguments()
    tools = [tool for tool in TOOLS if not any(tool[0].lower().startswith(skip.lower()) for skip in options.skip)]
    table = tables.read_table(options.reference) if options.reference else {"entries": []}
    names, versions = [tool[0] for tool in tools], {}
    ended = process.run([options.foamflux, "--version"], {}, 60.0)
    versions["foamflux"] = ended.out.strip() or process.last_words(ended)
    for path in options.volumes:
        volume = tables.describe(path)
        entry = tables.find(table, volume, tables.DIRECTIONS[options.axis])
        results = {name: {} for name in names}
        for round_ in range(options.rounds):
            for name, call, environment in tools:
                # What is missing or too slow will be so in the next round too.
                if any("missing" in run or run.get("failed", "").startswith("more than") for run in results[name].values()):
                    continue
                result = once(options, name, call, environment, path)
                results[name][round_] = result
                if "version" in result:
                    versions[result["tool"]] = result["version"]
                print(f"{volume['file']}, round {round_ + 1}, {name}: {json.dumps(result)}", file=sys.stderr, flush=True)
                if options.lines:
                    with open(options.lines, "a") as file:
                        file.write(json.dumps({"volume": volume, "round": round_, "load": os.getloadavg()[0], **result}) + "\n")
        print(report(volume, entry, names, results, options.axis), flush=True)
    print(f"{options.rounds} rounds, {options.threads} threads, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end.")
    print("Versions: " + "; ".join(f"{tool}: {version}" for tool, version in versions.items()) + ".")


if __name__ == "__main__":
    main()
