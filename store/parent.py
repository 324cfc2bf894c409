"""Watches a child process's parent, so that no worker outlives a parent that was killed.

How the child ends is left to the caller: a server's worker stops gracefully, a pool's process just exits.
"""

from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from threading import Thread


def when_parent_is_gone(action: Callable[[], None]) -> None:
    """Call *action*, on a daemon thread, once the process that started this one has ended, however it ended.

    Does nothing in a process that `multiprocessing` did not start.
    """
    parent = parent_process()
    if parent is not None:
        Thread(target=_outlive, args=(parent, action), name="parent-watch", daemon=True).start()


def _outlive(parent: BaseProcess, action: Callable[[], None]) -> None:
    parent.join()
    action()
