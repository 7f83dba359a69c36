"""nailfold data"""

from pathlib import Path

import click

from appliance.apps.archive.data_folder import ACTOR
from appliance.apps.commands.account import data_options
from appliance.apps.commands.options import FILE, load
from appliance.apps.files.atomic_file import require_writable_file
from appliance.apps.system_clock import SystemClock
from appliance.domain.counted import counted
from appliance.domain.errors import NotKeptError, StoreError
from appliance.domain.instant import to_rfc3339
from appliance.domain.passphrase import require_passphrase
from appliance.durable_files import flush
from appliance.exam.organisation import OrganisationService
from appliance.foreign_files.text import read_text
from appliance.storage.backups import Backup, Backups
from appliance.storage.full_copy import write_copy, write_keys
from appliance.storage.open_storage import DATABASE_NAME, open_beside
from appliance.storage.restore import restore as put_back
from appliance.storage.restore import start_anew as set_aside
from appliance.storage.sealed_pictures import SealedPictures
from appliance.storage.settings import StorageSettings
from appliance.storage.strays import open_strays


@click.group("data")
def command() -> None:
    """Back the exam database up, copy the whole box encrypted, look through it, put a backup back."""


@command.command("backup")
@data_options
def backup(config: Path | None, data_dir: Path | None) -> None:
    """Copy the database now. Works while the station runs, which also does it by itself once a day."""
    with open_beside(_settings(config, data_dir), SystemClock().now_utc) as storage:
        click.echo(_line(storage.backups.make(SystemClock().now_utc())))


@command.command("copy")
@click.argument("out", type=FILE)
@click.option("--keys", is_flag=True, help="The keys of the patients instead: a small file, to be kept apart.")
@click.option("--passphrase-file", type=FILE, metavar="FILE", help="Holds the words that open it; else they are asked.")
@data_options
def copy(out: Path, keys: bool, passphrase_file: Path | None, config: Path | None, data_dir: Path | None) -> None:
    """Write everything of the box, encrypted, into OUT, as the page Backups does. Works while the station runs.

    Names, pictures and texts in it open with the keys of the patients alone, which are a file of their own (--keys).
    """
    require_writable_file(out)
    words = _words(passphrase_file)
    settings = _settings(config, data_dir)
    unfinished = out.with_name(f".{out.name}.part")
    with open_beside(settings, SystemClock().now_utc) as storage:
        try:
            with unfinished.open("wb") as file:
                if keys:
                    count, action = write_keys(storage.keys, file, words), "storage.keys_written"
                else:
                    count = write_copy(settings.folder, DATABASE_NAME, file, words, lambda *_: None)
                    action = "storage.copy_made"
                flush(file)
            unfinished.replace(out)
        except OSError as error:
            raise StoreError(f"the copy could not be written: {error.strerror}", "Check the disk.") from error
        finally:
            unfinished.unlink(missing_ok=True)
        storage.journal.append(ACTOR, "storage", action, {} if keys else {"pictures": count})
    click.echo(f"{out}: {count} {'keys' if keys else 'pictures and the database'}")


def _words(file: Path | None) -> str:
    if file is None:
        typed: str = click.prompt("Passphrase, at least 12 characters", hide_input=True, confirmation_prompt=True)
        return require_passphrase(typed)
    try:
        return require_passphrase(read_text(file))
    except (OSError, UnicodeError) as error:
        raise StoreError(f"the passphrase cannot be read from {file}: {error}", "Name another file.") from error


@command.command("backups")
@data_options
def backups(config: Path | None, data_dir: Path | None) -> None:
    """The backups on this box, newest first."""
    for one in _backups(_settings(config, data_dir)):
        click.echo(_line(one))


@command.command("check")
@data_options
@click.pass_context
def check(context: click.Context, config: Path | None, data_dir: Path | None) -> None:
    """Read the whole database; exit code 1 if it is damaged. Works while the station runs."""
    with open_beside(_settings(config, data_dir), SystemClock().now_utc) as storage:
        damage = storage.database.damage()
    click.echo(f"damaged: {damage}" if damage else "undamaged")
    context.exit(1 if damage else 0)


@command.command("restore")
@click.argument("backup", required=False, type=FILE)
@data_options
def restore(backup: Path | None, config: Path | None, data_dir: Path | None) -> None:
    """Put a BACKUP in the place of the database, by default the newest. Stop the station first.

    What was there is set aside. Exams made since the backup are not in it: `nailfold data strays` opens their pictures,
    which can then be taken in again with `nailfold import`.
    """
    settings = _settings(config, data_dir)
    if backup is None:
        kept = _backups(settings)
        if not kept:
            raise StoreError(f"there is no backup of {settings.folder}", "Name a file: nailfold data restore FILE.")
        backup = kept[0].path
    aside = put_back(settings, backup, SystemClock().now_utc())
    click.echo(f"restored {backup}; what was there is in {aside}")


@command.command("erase")
@click.argument("pseudonym")
@data_options
def erase(pseudonym: str, config: Path | None, data_dir: Path | None) -> None:
    """Erase the patient with that PSEUDONYM for good: name, pictures and typed texts, in older backups too.

    Figures and the journal's entries stay, under a pseudonym that tells nothing. Asks for the pseudonym once more.
    Works while the station runs; exports and reports that it holds ready for download go when it restarts.
    """
    with open_beside(_settings(config, data_dir), SystemClock().now_utc) as storage:
        patient = storage.patients.patient_of(pseudonym)
        if patient is None:
            raise NotKeptError("there is no patient with this pseudonym", "See the list of patients on the pages.")
        typed = click.prompt("It cannot be taken back. Type the pseudonym to confirm", prompt_suffix=": ")
        service = OrganisationService(
            storage.exams,
            storage.patients,
            storage.folders,
            storage.collections,
            storage.journal,
            SystemClock().now_utc,
        )
        exams = service.erase_patient(ACTOR, patient.patient_id, typed)
        erased = storage.patients.patient(patient.patient_id)
    click.echo(
        f"erased the patient and the pictures of {counted(exams, 'exam')}; the figures are under {erased.pseudonym}"
    )


@command.command("strays")
@click.argument("folder", type=FILE)
@data_options
@click.pass_context
def strays(context: click.Context, folder: Path, config: Path | None, data_dir: Path | None) -> None:
    """Open the pictures that the database does not know into a new FOLDER; exit code 1 where some cannot be opened."""
    settings = _settings(config, data_dir)
    with open_beside(settings, SystemClock().now_utc) as storage:
        opened, left = open_strays(settings.folder, storage.database, SealedPictures(storage.keys), folder)
        detail = {"pictures": len(opened), "left_out": len(left)}
        storage.journal.append(ACTOR, "storage", "storage.strays_opened", detail)
    for line in left:
        click.echo(f"left out: {line}", err=True)
    click.echo(f"{counted(len(opened), 'picture is', 'pictures are')} in {folder}")
    context.exit(1 if left else 0)


@command.command("start-anew")
@click.confirmation_option(prompt="Set every exam and account of this folder aside and begin with an empty box?")
@data_options
def start_anew(config: Path | None, data_dir: Path | None) -> None:
    """Set database, stills and journal aside: the next start is that of a new box. Stop the station first."""
    click.echo(f"everything is in {set_aside(_settings(config, data_dir), SystemClock().now_utc())}")


def _settings(config: Path | None, data_dir: Path | None) -> StorageSettings:
    return load(config, data_dir=data_dir).settings.storage


def _backups(settings: StorageSettings) -> tuple[Backup, ...]:
    """Also of a folder whose database is gone or cannot be opened."""
    return Backups(settings.folder, DATABASE_NAME, settings.backups_kept, 0).all()


def _line(one: Backup) -> str:
    return f"{to_rfc3339(one.made_at_utc)} {one.path}"
