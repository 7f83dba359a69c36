"""The two words with which a new box is set up, one-time codes, and the slowing down of guesses."""

import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from appliance.domain.bounded_json import bounded_loads
from appliance.domain.errors import SettingsError
from appliance.durable_files import write_durably

# Without 0/O, 1/I/L, 2/Z, 5/S, 8/B and U/V, which are misread on paper and over the telephone.
ALPHABET = "ACDEFGHJKMNPQRTWXY34679"  # pragma: allowlist secret
CODE_LENGTH = 8
_KEY = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class AccessSecrets:
    """What a station keeps to recognise its owner and its own cookies.

    Attributes:
        access_code: typed once, on the first page, to set the box up: two words. Case, blanks and dashes do not matter.
        session_key: hex; signs the cookies. With a new one everybody has to log in again.
    """

    access_code: str
    session_key: str

    @property
    def printed_code(self) -> str:
        """As it is shown and read out; a box that is older than the words has eight characters in two groups."""
        return self.access_code if "-" in self.access_code else printed(self.access_code)

    def matches(self, entered: str) -> bool:
        """Whether this is the code; takes the same time for every wrong one."""
        return hmac.compare_digest(bare_code(entered).encode(), bare_code(self.access_code).encode())


def new_words() -> str:
    """Two fresh random words, "maple-otter": 22 bits, worthless to guess behind `AttemptLimiter` during a set-up."""
    words = resources.files(__package__).joinpath("words.txt").read_text(encoding="utf-8").split()
    return f"{secrets.choice(words)}-{secrets.choice(words)}"


def new_code() -> str:
    """A fresh random code that opens an account once: 36 bits, worthless to guess behind `AttemptLimiter`."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def printed(code: str) -> str:
    """In two groups, as it is printed and read out."""
    return f"{code[:4]}-{code[4:]}"


def bare_code(entered: str) -> str:
    """A code as it was made, from however it was typed."""
    return "".join(character for character in entered.upper() if character.isalnum())


def new_secrets() -> AccessSecrets:
    """A fresh code and key."""
    return AccessSecrets(access_code=new_words(), session_key=secrets.token_hex(32))


def load_or_create_secrets(path: Path) -> tuple[AccessSecrets, bool]:
    """The station's secrets, and whether they were made just now.

    The file is readable by its owner alone. Delete it to get a new code; every browser is then locked.

    Raises:
        SettingsError: the file cannot be read, understood or written.
    """
    try:
        if path.exists():
            return _stored(bounded_loads(path.read_bytes())), False
        fresh = new_secrets()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, json.dumps(asdict(fresh)).encode(), 0o600)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"access code in {path} could not be used: {error}", "Delete the file to get a new code."
        ) from error
    return fresh, True


def _stored(document: object) -> AccessSecrets:
    """Raises ValueError for what no station wrote: an empty key would let anybody sign cookies."""
    if not isinstance(document, dict) or not {"access_code", "session_key"} <= set(document):
        raise ValueError("it holds something else")
    code, key = document["access_code"], document["session_key"]
    if not isinstance(code, str) or not bare_code(code) or not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError("it was changed")
    return AccessSecrets(access_code=code, session_key=key)


class AttemptLimiter:
    """Slows guessing down: some free tries for an address or a name, then a wait that doubles.

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
        """Zero if this address or name may try now, otherwise the seconds it has to wait."""
        with self._lock:
            now_s = self._monotonic_s()
            count, blocked_until_s = self._tries.pop(client, (0, 0.0))
            if now_s < blocked_until_s:
                self._tries[client] = (count, blocked_until_s)
                return blocked_until_s - now_s
            self._tries[client] = (count + 1, now_s + self._delay_s(count + 1))
            if len(self._tries) > self._MOST_CLIENTS:
                self._tries.pop(next(iter(self._tries)))
            return 0.0

    def wait_s(self, client: str) -> float:
        """The seconds it has to wait for its next try; zero if none. Counts nothing."""
        with self._lock:
            return max(0.0, self._tries.get(client, (0, 0.0))[1] - self._monotonic_s())

    def succeeded(self, client: str) -> None:
        """It was right: forget the wrong ones."""
        with self._lock:
            self._tries.pop(client, None)

    def _delay_s(self, count: int) -> float:
        if count < self._free_tries:
            return 0.0
        return float(min(self._longest_delay_s, self._first_delay_s * 2.0 ** min(count - self._free_tries, 32)))
