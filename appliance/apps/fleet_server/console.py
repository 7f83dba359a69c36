"""The fleet's console, joined: stores, accounts and pages behind one server."""

from collections.abc import Callable
from pathlib import Path

from appliance.accounts.access import load_or_create_secrets
from appliance.accounts.account_service import AccountService
from appliance.apps.fleet_server.console_views import ConsoleViews
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.rollouts import RolloutStore
from appliance.apps.fleet_server.settings import FleetSettings
from appliance.apps.system_clock import SystemClock
from appliance.domain.errors import SettingsError
from appliance.storage.account_store import SqliteAccountStore
from appliance.storage.database import Database
from appliance.storage.journal import SqliteJournal
from webui.console.app import create_console
from webui.console.services import ConsoleServices
from webui.serving.patient_server import listen, patient_server
from webui.serving.wsgi_pages import WsgiPages
from webui.settings import WebSettings

ACCOUNTS_FILE = "console.sqlite3"


class Console:
    """Who may look, and what there is to see. Usable with `with`, which closes it.

    Args:
        folder: keeps the console's own accounts, their journal and the key of the cookies.
    """

    def __init__(self, folder: Path, database: FleetDatabase) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        clock = SystemClock()
        self._own = Database(folder / ACCOUNTS_FILE)
        self.accounts = AccountService(SqliteAccountStore(self._own), SqliteJournal(self._own, clock.now_utc), clock)
        views = ConsoleViews(database, clock)
        self.services = ConsoleServices(
            accounts=self.accounts,
            secrets=load_or_create_secrets(folder / "access.json")[0],
            boxes=views.boxes,
            sites=views.sites,
            name_site=views.name_site,
            models=views.models,
            jobs=views.jobs,
            updates=views.updates,
            rollouts=views.rollouts,
            pause_rollout=RolloutStore(database).pause,
            journal=views.journal,
            results=views.results,
            engines=views.engines,
            now_utc=clock.now_utc,
        )

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *_: object) -> None:
        self._own.close()


def serve_console(console: Console, settings: FleetSettings, started: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        started: called with the address.

    Raises:
        SettingsError: nobody could log in, the address is taken, or passwords would cross the network in the clear.
    """
    web = settings.web
    if not console.accounts.is_set_up:
        raise SettingsError("the console has no account", "Make one: nailfold fleet console-account.")
    if web.is_tls and web.tls_certificate is None:
        raise SettingsError("the console has no certificate", "Set web.tls_certificate and web.tls_key.")
    with ConsoleServer(console, web) as server:
        started(server.url)
        server.run()


class ConsoleServer:
    """The pages behind a server with places and patience. Usable with `with`, which lets go of the address.

    Raises:
        SettingsError: the address is taken or not ours.
    """

    def __init__(self, console: Console, web: WebSettings) -> None:
        self._pages = WsgiPages(create_console(console.services, web).wsgi_app, web.body_timeout_s)
        self._server = patient_server(self._pages, web)
        self._bound = listen(web)
        self._bound.listen()
        self.url = f"{'https' if web.is_tls else 'http'}://{web.host}:{self._bound.getsockname()[1]}"

    def run(self) -> None:
        """Serve until Ctrl-C or SIGTERM, or `stop` in another thread."""
        self._server.run(sockets=[self._bound])

    def stop(self) -> None:
        """Let `run` end; calling it twice is harmless."""
        self._server.should_exit = True

    def __enter__(self) -> "ConsoleServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._pages.close()
        self._bound.close()
