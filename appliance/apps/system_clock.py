"""The computer's own time."""

import time
from datetime import datetime, timezone


class SystemClock:
    """The Clock of the running device."""

    def now_utc(self) -> datetime:
        """Timezone-aware UTC."""
        return datetime.now(timezone.utc)

    def monotonic_s(self) -> float:
        """Never goes back."""
        return time.monotonic()
