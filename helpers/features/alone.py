"""How do two runs keep out of each other's way? By a lock that ends with its process."""

import os
import sys
import time
from contextlib import contextmanager, suppress

if os.name == "nt":
    import msvcrt
else:
    import fcntl


@contextmanager
def alone(path):
    """Be the only one at work on a file or folder; wait for another run, and say so."""
    lock = path.with_name(f".{path.name}.lock")
    said = False
    while not _locked(file := os.open(lock, os.O_RDWR | os.O_CREAT), lock):
        os.close(file)
        if not said:
            print(f"another run is at work on {path}: waiting until it is done", file=sys.stderr)
        said = True
        time.sleep(0.2)
    try:
        yield
    finally:
        # Gone before the next may have it; Windows removes no open file, and leaves an empty one.
        with suppress(OSError):
            lock.unlink()
        os.close(file)


def _locked(file, lock):
    try:
        if os.name == "nt":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file), os.stat(lock))
    except (BlockingIOError, PermissionError, FileNotFoundError):
        return False
    except OSError:  # a file system that knows no locks
        return True
