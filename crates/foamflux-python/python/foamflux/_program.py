"""Starts the program that the package carries, so that `foamflux run ...` works after `pip install`."""

import os
import subprocess
import sys
from pathlib import Path


def path() -> Path:
    """Where the program is, whether or not it is there."""
    return Path(__file__).parent / "bin" / ("foamflux.exe" if os.name == "nt" else "foamflux")


def main() -> int:
    program = path()
    if not program.is_file():
        print(
            "error: this package was built without the program; build it with 'cargo xtask wheel', "
            "or install it with 'cargo install --path crates/foamflux'",
            file=sys.stderr,
        )
        return 1
    if os.name == "nt":
        return subprocess.call([str(program), *sys.argv[1:]])
    os.execv(program, [str(program), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
