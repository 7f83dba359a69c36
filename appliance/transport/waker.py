"""Ends another thread's wait for the network."""

import os
import select
import weakref


class Waker:
    """A flag that a wait for a socket sees at once; Linux's eventfd. Safe for calls from any thread."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        weakref.finalize(self, os.close, self._fd)

    def set(self) -> None:
        """End the wait that goes on, or the next one."""
        os.eventfd_write(self._fd, 1)

    def clear(self) -> bool:
        """Take the flag down; whether it was up."""
        try:
            return os.eventfd_read(self._fd) > 0
        except BlockingIOError:
            return False

    def wait(self, socket_fd: int, wants_write: bool, timeout_s: float) -> bool:
        """Until the socket can be read (or written), the flag is up or the time is over; whether it is the socket.

        `select.poll` rather than `select.select`, which refuses file numbers above 1023.
        """
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.register(socket_fd, select.POLLIN | (select.POLLOUT if wants_write else 0))
        return any(fd == socket_fd for fd, _ in poll.poll(timeout_s * 1000))
