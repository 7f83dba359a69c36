"""Where the console's pages get what they show."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.accounts.access import AccessSecrets
from appliance.accounts.account_service import AccountService
from webui.console.views import AuditView, BoxView, JobView, ResultView, RolloutView


@dataclass(frozen=True)
class ConsoleServices:
    """Every callable may be called from any thread; each raises StoreError where the database is away.

    Attributes:
        boxes: all, those that need a person first.
        jobs: of one box by its name, or of all (None), newest first.
        rollouts: newest first; `pause_rollout` stops the next group of one, or lets it begin again.
        audit: the newest entries of a box's journal.
        results: the newest, of one site or of all (""), measured with an engine or with any ("").
        engines: digests that any kept result was measured with.
    """

    accounts: AccountService
    secrets: AccessSecrets
    boxes: Callable[[], tuple[BoxView, ...]]
    jobs: Callable[[str | None], tuple[JobView, ...]]
    rollouts: Callable[[], tuple[RolloutView, ...]]
    pause_rollout: Callable[[str, bool], None]
    audit: Callable[[str], tuple[AuditView, ...]]
    results: Callable[[str, str], tuple[ResultView, ...]]
    engines: Callable[[], tuple[str, ...]]
    now_utc: Callable[[], datetime]
