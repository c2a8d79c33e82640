"""One process: its output, seconds and peak of memory. Standard library only."""
import os
import signal
import subprocess
import sys
import tempfile
import time


class Ended:
    """What a process left behind: `status` is its exit status, or None where its time ran out."""

    def __init__(self, status, seconds, peak_bytes, out, err):
        self.status, self.seconds, self.peak_bytes, self.out, self.err = status, seconds, peak_bytes, out, err


def run(command, environment, timeout):
    """Runs to the end or for `timeout` seconds. The peak is that of the process itself, as the kernel counted it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **environment}, start_new_session=True)
        in_time = True
        # wait4 alone gives the memory of this one child; subprocess would reap it first.
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            seconds = time.perf_counter() - start
            if pid:
                break
            if in_time and seconds > timeout:
                in_time = False
                os.killpg(process.pid, signal.SIGKILL)
            # Fine for short runs, and no load during long ones.
            time.sleep(min(0.02, 0.001 + 0.01 * seconds))
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        return Ended(process.returncode if in_time else None, seconds, usage.ru_maxrss * unit,
                     out.read().decode(errors="replace"), err.read().decode(errors="replace"))


def last_words(ended):
    """The last line that a process said before it failed."""
    lines = [line.strip() for line in (ended.err + "\n" + ended.out).splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no output"
