"""The station's access code: made at the first start, kept readable for the station's user alone."""

import os
import secrets
from pathlib import Path

from appliance.domain.errors import SettingsError

# Without I, L, O, 0 and 1, which look alike on a sticker: 31 letters, 8 of them are 39.6 bits behind a lock-out.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH = 8
FILE_NAME = "access-code"


def read_or_make_access_code(data_dir: Path) -> str:
    """The code, e.g. "ABCD-EFGH"; made once and stored as `data_dir`/access-code with mode 0600.

    Raises:
        SettingsError: the file cannot be read or made, is open to others, or holds something else.
    """
    path = data_dir / FILE_NAME
    try:
        return _make(path)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise SettingsError(
            f"cannot make {path}: {error.strerror}", "Choose a station.data_dir to write in."
        ) from error


def _make(path: Path) -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    code = f"{letters[:4]}-{letters[4:]}"
    unfinished = path.with_name(f".{FILE_NAME}-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(code + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)  # Unlike a rename it refuses to replace a code that is already printed on a sticker.
    finally:
        os.unlink(unfinished)
    return code


def _read(path: Path) -> str:
    remedy = f"Delete {path} to have a new code made at the next start."
    try:
        mode, code = path.stat().st_mode & 0o777, path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {error}", remedy) from error
    if mode & 0o077:
        raise SettingsError(f"{path} has mode {mode:o}, others can read the access code", f"chmod 600 {path}")
    if len(code.replace("-", "")) < LENGTH:
        raise SettingsError(f"{path} holds no access code of {LENGTH} letters", remedy)
    return code
