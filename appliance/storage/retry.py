"""When a message is tried again."""

# After a hand-over without an answer; long enough for a receipt of the ingest to make a second sending needless.
RESEND_AFTER_S = 30.0
FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 300.0


def retry_delay_s(attempts: int) -> float:
    """Seconds to wait after that many attempts: 2, 4, 8, ... at most 300."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(max(attempts, 1) - 1, 16))
