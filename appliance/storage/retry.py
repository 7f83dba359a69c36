"""When a message is tried again."""

# After a hand-over without an answer; long enough for a receipt of the ingest to make a second sending needless.
RESEND_AFTER_S = 30.0
FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 300.0


# Times the first wait for a receipt: an ingest that is down for long is not flooded when it comes back.
_LONGEST_RECEIPT_WAIT = 8.0


def receipt_wait_s(attempts: int, first_s: float) -> float:
    """Seconds to wait for a receipt after so many hand-overs: the first wait, twice it, ... at most eight times."""
    return first_s * min(_LONGEST_RECEIPT_WAIT, 2.0 ** min(max(attempts, 1) - 1, 16))


def horizon_s(receipt_timeout_s: float) -> float:
    """No due time can be further ahead, unless the clock was wrong when it was set."""
    return max(LONGEST_DELAY_S, _LONGEST_RECEIPT_WAIT * receipt_timeout_s)


def retry_delay_s(attempts: int) -> float:
    """Seconds to wait after that many attempts: 2, 4, 8, ... at most 300."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(max(attempts, 1) - 1, 16))
