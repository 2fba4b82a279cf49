"""Whether the terminal that we were started in is still there. Standard library only: the set-up asks here too.

A closed terminal sends ``SIGHUP`` to its session's leader alone. A shell passes it on; make, as a leader, does not.
"""

import os
import signal


class Terminal:
    """The terminal of the standard output, if that is one and if its end matters: under ``nohup`` it does not."""

    def __init__(self) -> None:
        self._watched = os.isatty(1) and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN

    def is_gone(self) -> bool:
        """Whether it was there and has been closed."""
        return self._watched and not os.isatty(1)
