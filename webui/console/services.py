"""Where the console's pages get what they show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.accounts.access import AccessSecrets
from appliance.accounts.account_service import AccountService
from webui.console.views import BoxView, JobView, JournalView, ModelView, ResultView, RolloutView, SiteView, UpdateView


@dataclass(frozen=True)
class ResultFilter:
    """Which results are asked for; an empty text or None asks for all.

    Attributes:
        box: its name within the site.
        engine: digest of a network.
        since, until: days, of the exam's end; both are included.
    """

    site: str = ""
    box: str = ""
    engine: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class ConsoleServices:
    """Every callable may be called from any thread; each raises StoreError where the database is away.

    Attributes:
        boxes: all, those that need a person first.
        sites: of these boxes, by their names.
        name_site: what people call a site, and its place (latitude, longitude) or None; by whom. Raises SettingsError.
        models: the watched figures of a box's networks.
        jobs: of one box by its name, or of all (None), newest first.
        updates: the newest of each kind that a box was asked for.
        rollouts: newest first; `pause_rollout` stops the next group of one, or lets it begin again.
        journal: of a box.
        results: the newest exams, each in its newest revision.
        engines: digests that any kept result was measured with.
    """

    accounts: AccountService
    secrets: AccessSecrets
    boxes: Callable[[], tuple[BoxView, ...]]
    sites: Callable[[Sequence[BoxView]], tuple[SiteView, ...]]
    name_site: Callable[[str, str, tuple[float, float] | None, str], None]
    models: Callable[[str], tuple[ModelView, ...]]
    jobs: Callable[[str | None], tuple[JobView, ...]]
    updates: Callable[[str], tuple[UpdateView, ...]]
    rollouts: Callable[[], tuple[RolloutView, ...]]
    pause_rollout: Callable[[str, bool], None]
    journal: Callable[[str], JournalView]
    results: Callable[[ResultFilter], tuple[ResultView, ...]]
    engines: Callable[[], tuple[str, ...]]
    now_utc: Callable[[], datetime]
