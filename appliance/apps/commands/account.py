"""nailfold account"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from appliance.accounts.account_service import CODE_LIFETIME, AccountService
from appliance.apps.commands.options import FILE, load
from appliance.apps.system_clock import SystemClock
from appliance.domain.account import Account, Role
from appliance.domain.errors import AccountError
from appliance.storage.open_storage import open_beside

# The actor in the journal: a person with access to the data folder is not one of the accounts.
_CONSOLE = "console"


@click.group("account")
def command() -> None:
    """See the accounts, or let a locked-out administrator in again. Works while the station runs."""


def data_options(function: Any) -> Any:
    """Where the accounts are."""
    function = click.option("--data-dir", type=FILE, metavar="FOLDER", help="Where exams are kept.")(function)
    return click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")(function)


@command.command("list")
@data_options
def list_accounts(config: Path | None, data_dir: Path | None) -> None:
    """Every account: login name, role, full name."""
    with account_service(config, data_dir) as service:
        for account in service.store.accounts():
            state = "  (disabled)" if account.is_disabled else ""
            click.echo(f"{account.name:20} {account.role.value:14} {account.full_name}{state}")


@command.command("reset-administrator")
@click.argument("name", required=False)
@data_options
def reset_administrator(name: str | None, config: Path | None, data_dir: Path | None) -> None:
    """Give an administrator (NAME where there are several) a one-time code, and enable the account."""
    with account_service(config, data_dir) as service:
        account = _administrator(service.store.accounts(), name)
        if account.is_disabled:
            service.change(_CONSOLE, account.account_id, is_disabled=False)
        code = service.reset_password(_CONSOLE, account.account_id)
    hours = int(CODE_LIFETIME.total_seconds() // 3600)
    click.echo(f"{account.name}: one-time code {code}, for {hours} hours; it goes into the password field")


@contextmanager
def account_service(config: Path | None, data_dir: Path | None) -> Iterator[AccountService]:
    """The accounts of the station with that data folder; never makes one.

    Raises:
        StoreError: there is no station's data in the folder.
    """
    clock = SystemClock()
    with open_beside(load(config, data_dir=data_dir).settings.storage, clock.now_utc) as storage:
        yield AccountService(storage.accounts, storage.journal, clock)


def _administrator(accounts: tuple[Account, ...], name: str | None) -> Account:
    found = [entry for entry in accounts if entry.role is Role.ADMINISTRATOR and name in (None, entry.name)]
    if len(found) == 1:
        return found[0]
    if not accounts:
        raise AccountError("this box has no account yet", "Start the station and open its first page.")
    names = ", ".join(entry.name for entry in accounts if entry.role is Role.ADMINISTRATOR)
    raise AccountError(
        f"{name} is no administrator" if name else "there are several administrators", f"Name one of: {names}."
    )
