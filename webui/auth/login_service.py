"""A login's way through: the waits of address and account, the proof, the journal."""

import ipaddress
import math
from dataclasses import dataclass

from appliance.accounts.access import AccessSecrets, AttemptLimiter
from appliance.accounts.account_service import AccountService, Refusal
from appliance.accounts.password_policy import require_good_password
from appliance.domain.account import Account, KeptAccount, account_name
from appliance.domain.errors import AccountError
from webui.localisation.catalogue import text
from webui.settings import WebSettings

_UNKNOWN = "unknown"


@dataclass(frozen=True)
class LoginOutcome:
    """What a try came to.

    Attributes:
        kept: the account, where the proof was right.
        problem: in the operator's words, where not.
        remedy: what can be done about it.
        wait_s: before the next try; zero if it may come at once.
        status: the HTTP status that says the same.
    """

    kept: KeptAccount | None = None
    problem: str = ""
    remedy: str = ""
    wait_s: int = 0
    status: int = 200


class LoginService:
    """Tries are slowed for each address, and for each account from each address; never for an account as a whole.

    Otherwise a few computers that guess could keep its owner out. A browser that the account has logged in with before
    waits for its own wrong tries alone.
    """

    def __init__(self, accounts: AccountService, secrets: AccessSecrets, settings: WebSettings) -> None:
        self.accounts = accounts
        self._secrets = secrets
        limits = (settings.free_tries, settings.first_delay_s, settings.longest_delay_s)
        self._addresses, self._pairs, self._devices = (AttemptLimiter(*limits) for _ in range(3))

    def log_in(self, name: str, password: str, address: str, device: str | None = None) -> LoginOutcome:
        """Prove who it is. The answer and its time are the same for a wrong password and for a name nobody has.

        Args:
            device: id of the browser, where that account has logged in with it before.
        """
        key = name.strip().casefold()[:64]
        limits = self._limits(key, address, device)
        wait_s = next((wait_s for limiter, client in limits if (wait_s := limiter.begin(client))), 0.0)
        if wait_s:
            return _too_many(wait_s)
        proof = self.accounts.prove(name, password)
        if proof.kept is None:
            wait_s = max(limiter.wait_s(client) for limiter, client in limits)
            return self._refused(proof.refusal or Refusal.WRONG, key, address, math.ceil(wait_s))
        for limiter, client in limits:
            limiter.succeeded(client)
        # A full disk must not keep out the one who could free it.
        self.accounts.note_when_possible(key, "logged_in", {"address": address})
        return LoginOutcome(kept=proof.kept)

    def _limits(self, key: str, address: str, device: str | None) -> list[tuple[AttemptLimiter, str]]:
        """What a try has to pass, with its name there."""
        if device is not None:
            return [(self._devices, f"{device} {key}")]
        client = _client(address)
        return [(self._addresses, client), (self._pairs, f"{client} {key}")]

    def set_up(self, code: str, name: str, full: str, password: str, address: str) -> LoginOutcome:
        """Make the administrator of a new box.

        Raises:
            AccountError: there is one already, or name or password are unfit.
        """
        wait_s = self._addresses.begin(_client(address))
        if wait_s:
            return _too_many(wait_s)
        if not self._secrets.matches(code):
            return LoginOutcome(problem=text("setup.wrong_code"), wait_s=self._wait(address), status=403)
        self._addresses.succeeded(_client(address))
        return LoginOutcome(kept=self.accounts.set_up(name, full, password))

    def choose_password(self, account: Account, current: str, new: str, address: str) -> LoginOutcome:
        """The owner's own new password. Raises AccountError where it cannot be taken."""
        require_good_password(new, account.name, account.full_name)
        pair = f"{_client(address)} {account.name}"
        wait_s = self._addresses.begin(_client(address)) or self._pairs.begin(pair)
        if wait_s:
            return _too_many(wait_s)
        kept = self.accounts.choose_password(account, current, new)
        self._addresses.succeeded(_client(address))
        self._pairs.succeeded(pair)
        return LoginOutcome(kept=kept)

    def _refused(self, refusal: Refusal, key: str, address: str, wait_s: int) -> LoginOutcome:
        # What is typed as a name may be a password: only names of accounts are written down.
        name = key if self._is_known(key) else _UNKNOWN
        action = "locked_out" if wait_s else "login_refused"
        self.accounts.note_when_possible(name, action, {"address": address, "reason": refusal.value, "wait_s": wait_s})
        return LoginOutcome(problem=text(f"login.{refusal.value}"), wait_s=wait_s, status=403)

    def _is_known(self, key: str) -> bool:
        try:
            return self.accounts.store.by_name(account_name(key)) is not None
        except AccountError:
            return False

    def _wait(self, address: str) -> int:
        return math.ceil(self._addresses.wait_s(_client(address)))


def _client(address: str) -> str:
    """What waits: an IPv4 address; of IPv6 the network, for each computer has 2**64 addresses in its own."""
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


def _too_many(wait_s: float) -> LoginOutcome:
    seconds = math.ceil(wait_s)
    return LoginOutcome(problem=text("login.wait", seconds=seconds), wait_s=seconds, status=429)
