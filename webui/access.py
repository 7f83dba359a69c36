"""Who may open the pages: one access code of the station, asked for once a browser."""

import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.domain.errors import SettingsError

# Without 0/O, 1/I/L, 2/Z, 5/S, 8/B and U/V, which are misread on paper and over the telephone.
ALPHABET = "ACDEFGHJKMNPQRTWXY34679"
CODE_LENGTH = 8


@dataclass(frozen=True)
class AccessSecrets:
    """What a station keeps to let its operators in.

    Attributes:
        access_code: as typed at the login page; case, blanks and dashes do not matter.
        session_key: hex; signs the cookies. A new one locks every browser again.
    """

    access_code: str
    session_key: str

    @property
    def printed_code(self) -> str:
        """In two groups, as it is printed and read out."""
        return f"{self.access_code[:4]}-{self.access_code[4:]}"

    def matches(self, entered: str) -> bool:
        """Whether this is the code; takes the same time for every wrong one."""
        return hmac.compare_digest(_bare(entered).encode(), self.access_code.encode())


def new_secrets() -> AccessSecrets:
    """A fresh random code (36 bits, worthless to guess behind `AttemptLimiter`) and key."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return AccessSecrets(access_code=code, session_key=secrets.token_hex(32))


def load_or_create_secrets(path: Path) -> tuple[AccessSecrets, bool]:
    """The station's secrets, and whether they were made just now.

    The file is readable by its owner alone. Delete it to get a new code; every browser is then locked.

    Raises:
        SettingsError: the file cannot be read, understood or written.
    """
    try:
        if path.exists():
            stored = json.loads(path.read_text())
            return AccessSecrets(access_code=stored["access_code"], session_key=stored["session_key"]), False
        fresh = new_secrets()
        _write_private(path, json.dumps(asdict(fresh)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"access code in {path} could not be used: {error!r}", "Delete the file to get a new code."
        ) from error
    return fresh, True


class AttemptLimiter:
    """Slows guessing down: some free tries an address, then a wait that doubles.

    A try is counted when it begins, so that guesses made at the same time gain nothing.
    """

    _MOST_CLIENTS = 1000

    def __init__(
        self,
        free_tries: int,
        first_delay_s: float,
        longest_delay_s: float,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free_tries = free_tries
        self._first_delay_s = first_delay_s
        self._longest_delay_s = longest_delay_s
        self._monotonic_s = monotonic_s
        self._tries: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def begin(self, client: str) -> float:
        """Zero if this address may try now, otherwise the seconds it has to wait."""
        now_s = self._monotonic_s()
        with self._lock:
            count, blocked_until_s = self._tries.pop(client, (0, 0.0))
            if now_s < blocked_until_s:
                self._tries[client] = (count, blocked_until_s)
                return blocked_until_s - now_s
            self._tries[client] = (count + 1, now_s + self._delay_s(count + 1))
            if len(self._tries) > self._MOST_CLIENTS:
                self._tries.pop(next(iter(self._tries)))
            return 0.0

    def succeeded(self, client: str) -> None:
        """The code was right: forget this address's wrong ones."""
        with self._lock:
            self._tries.pop(client, None)

    def _delay_s(self, count: int) -> float:
        if count < self._free_tries:
            return 0.0
        return float(min(self._longest_delay_s, self._first_delay_s * 2.0 ** min(count - self._free_tries, 32)))


def _bare(entered: str) -> str:
    return "".join(character for character in entered.upper() if character.isalnum())


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
