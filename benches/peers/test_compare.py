"""Tests of the harness: `python3 -m unittest discover -s benches/peers`. Standard library only."""
import json
import os
import sys
import tempfile
import unittest

import compare
import process
import tables


def npy(path, shape, data):
    text = str({"descr": "|u1", "fortran_order": False, "shape": shape}).encode() + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(data))


class Tables(unittest.TestCase):
    entry = {"file": "a.npy", "direction": "z", "shape_zyx": [10, 1, 2], "conducting_voxels": 10, "tau": 2.0,
             "tau_centre_planes": 2.1, "method": "by hand"}

    def test_a_volume_is_described_by_its_voxels(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.npy")
            npy(path, (1, 2, 3), [0, 1, 2, 0, 0, 255])
            self.assertEqual(tables.describe(path), {"file": "a.npy", "shape_zyx": [1, 2, 3], "conducting_voxels": 3})
            with open(path, "wb") as file:
                file.write(b"TIFF")
            self.assertRaises(SystemExit, tables.describe, path)

    def test_other_voxels_of_the_same_name_are_refused(self):
        table = {"entries": [self.entry]}
        volume = {"file": "a.npy", "shape_zyx": [10, 1, 2], "conducting_voxels": 10}
        self.assertIs(tables.find(table, volume, "z"), self.entry)
        self.assertIsNone(tables.find(table, volume, "x"))
        self.assertIsNone(tables.find(table, {**volume, "file": "b.npy"}, "z"))
        self.assertRaises(SystemExit, tables.find, table, {**volume, "conducting_voxels": 9}, "z")

    def test_conventions_are_undone(self):
        plain = {"tau": 2.002, "planes": "faces", "length": "n", "porosity": "whole", "porosity_used": 0.5}
        for error in tables.errors(plain, self.entry, 10):
            self.assertAlmostEqual(error, 1e-3)
        # Its own reference at centres, times the share that percolates, times (n - 1) / n: exact, and far off as printed.
        odd = {"tau": 2.1 * 0.4 / 0.5 * 0.9, "planes": "centres", "length": "n", "porosity": "percolating", "porosity_used": 0.4}
        printed, own = tables.errors(odd, self.entry, 10)
        self.assertAlmostEqual(own, 0.0)
        self.assertAlmostEqual(printed, 2.1 * 0.72 / 2.0 - 1.0)
        without = {key: value for key, value in self.entry.items() if key != "tau_centre_planes"}
        self.assertEqual(tables.errors(odd, without, 10)[1], None)
        self.assertEqual(tables.errors(plain, None, 10), (None, None))


class Rows(unittest.TestCase):
    def run_of(self, seconds, **more):
        return {"tau": 2.0, "planes": "faces", "length": "n", "porosity": "whole", "porosity_used": 0.5, "iterations": 7,
                "converged": True, "seconds_solve": seconds, "seconds_total": 2 * seconds, "peak_mb": 10.0, **more}

    def test_ratios_are_taken_within_rounds(self):
        base = {0: self.run_of(1.0), 1: self.run_of(10.0), 2: self.run_of(100.0)}
        other = {0: self.run_of(2.0), 1: self.run_of(20.0), 2: self.run_of(400.0)}
        self.assertEqual(compare.ratio(other, base, "seconds_solve"), 2.0)
        row = compare.row("x", other, base, Tables.entry, 10)
        self.assertEqual(row.count("|"), compare.HEAD.splitlines()[0].count("|"))
        self.assertIn("| 20 | 40 | 10 | 2 | 2 |", row)

    def test_missing_and_failed_tools_keep_their_row(self):
        for kind in ("missing", "failed"):
            row = compare.row("x", {0: {"name": "x", kind: "no | such thing"}}, {}, None, 10)
            self.assertIn(f"| x | {kind}: no / such thing |", row)
            self.assertEqual(row.count("|"), compare.HEAD.splitlines()[0].count("|"))
        some = {0: self.run_of(1.0), 1: {"name": "x", "failed": "crashed"}}
        self.assertIn("x (1 of 2 rounds)", compare.row("x", some, {}, None, 10))
        self.assertIn("not converged", compare.row("x", {0: self.run_of(1.0, converged=False)}, {}, None, 10))


class Runs(unittest.TestCase):
    def options(self, folder, **more):
        given = [os.path.join(folder, "a.npy"), "--foamflux", "/nowhere", "--runners", folder, "--threads", "1", "--timeout", "5"]
        return compare.arguments(given + [part for item in more.items() for part in item])

    def test_a_runner_is_run_and_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            line = {"tau": 1.5, "tool": "x"}
            with open(os.path.join(folder, "run_x.py"), "w") as file:
                file.write(f"b = bytes(64 << 20)\nprint('noise')\nprint('RESULT ' + {json.dumps(json.dumps(line))})\n")
            result = compare.once(self.options(folder), "x", ["run_x.py"], {}, "a.npy")
            self.assertEqual(result["tau"], 1.5)
            self.assertGreater(result["peak_mb"], 5.0)
            self.assertGreater(result["seconds_total"], 0.0)
            with open(os.path.join(folder, "run_y.py"), "w") as file:
                file.write("raise ValueError('broken')\n")
            self.assertIn("broken", compare.once(self.options(folder), "y", ["run_y.py"], {}, "a.npy")["failed"])
            self.assertIn("run_z.py", compare.once(self.options(folder), "z", ["run_z.py"], {}, "a.npy")["missing"])

    def test_what_takes_too_long_is_ended(self):
        ended = process.run([sys.executable, "-c", "import time; time.sleep(60)"], {}, 0.3)
        self.assertIsNone(ended.status)
        self.assertLess(ended.seconds, 10.0)

    def test_the_binarys_json_becomes_a_result(self):
        text = json.dumps({"directions": {"z": {"tau": 3.0, "iterations": 4, "seconds": {"setup": 1.0, "solve": 2.0}}}})
        found = compare.of_foamflux(text, "z")
        self.assertEqual((found["seconds_solve"], found["converged"]), (3.0, True))
        self.assertFalse(compare.of_foamflux(text, "z", status=5)["converged"])

    def test_what_does_not_percolate_has_a_row_without_tau(self):
        text = json.dumps({"directions": {"z": {"percolates": False, "tau": None, "iterations": None, "seconds": {"setup": 0.1, "solve": 0.0}}}})
        run = {**compare.of_foamflux(text, "z"), "seconds_total": 0.2, "peak_mb": 5.0}
        row = compare.row("foamflux", {0: run}, {}, Tables.entry, 10)
        self.assertTrue(row.startswith("| foamflux | - | - | - | 0 | 0.1 |"), row)


if __name__ == "__main__":
    unittest.main()
