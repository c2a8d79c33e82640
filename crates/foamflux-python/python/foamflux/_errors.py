"""What can go wrong, by the exit status that the command line would have."""


class FoamfluxError(Exception):
    """An error with a remedy in its words. `exit_status` is that of the command line."""

    exit_status = 1


class UsageError(FoamfluxError, ValueError):
    """An option that is not known, or a value that cannot be."""

    exit_status = 2


class InputError(FoamfluxError, ValueError):
    """An input that cannot be read or contradicts itself."""

    exit_status = 3


class NotEnoughMemory(FoamfluxError, MemoryError):
    """The work would not fit in memory."""

    exit_status = 4


class NotConverged(FoamfluxError, ArithmeticError):
    """The solver did not reach the tolerance."""

    exit_status = 5


class DeviceError(FoamfluxError, RuntimeError):
    """The device asked for is absent or failed."""

    exit_status = 6


class FoamfluxWarning(UserWarning):
    """What results warn of."""


_CLASSES = (UsageError, InputError, NotEnoughMemory, NotConverged, DeviceError)


def of_status(status: int, message: str) -> FoamfluxError:
    """The exception for an exit status."""
    kind = next((c for c in _CLASSES if c.exit_status == status), FoamfluxError)
    return kind(message)
