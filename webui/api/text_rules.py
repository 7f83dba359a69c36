"""What bodies say about texts that the domain checks.

Described, not enforced: the domain refuses in words that a person can act on, a body's own check would not.
"""

from typing import Any

NOT_EMPTY: dict[str, Any] = {"minLength": 1}
LOGIN_NAME: dict[str, Any] = {"pattern": r"^\s*[A-Za-z0-9][A-Za-z0-9._-]{1,31}\s*$"}
MAGNIFICATION: dict[str, Any] = {"pattern": r"^\s*[xX\u00d7]?\s*[0-9]{1,4}([.,][0-9])?\s*[xX\u00d7]?\s*$"}
