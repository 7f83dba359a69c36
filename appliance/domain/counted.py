"""A number of things in the English of messages, logs and commands; pages and report have texts of their own."""


def counted(count: int, one: str, more: str = "") -> str:
    """How many there are, in words: "1 exam", "2 exams", "0 entries".

    Args:
        one: what stands behind 1.
        more: what stands behind any other number; `one` with an "s" unless given.
    """
    return f"{count} {one if count == 1 else more or f'{one}s'}"
