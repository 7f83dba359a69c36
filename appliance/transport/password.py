"""The password by which a box names itself to the broker."""

import errno

from appliance.foreign_files.text import read_text
from appliance.transport.settings import MqttSettings


def password_of(settings: MqttSettings) -> str | None:
    """None where the settings name no file.

    Raises:
        OSError: the file cannot be read, or holds nothing (as that of a secret that systemd did not find).
        UnicodeError: it is neither UTF-8 nor UTF-16.
    """
    if settings.password_file is None:
        return None
    password = read_text(settings.password_file).strip()
    if not password:
        raise OSError(errno.ENODATA, "it is empty", str(settings.password_file))
    return password
