"""What webhooks work with, whoever asks about them or delivers."""

from typing import NamedTuple

from adapters.webhooks.progress import Progress
from adapters.webhooks.signing import Secrets
from adapters.webhooks.targets import Targets


class Hooks(NamedTuple):
    """What webhooks need beside the log: how far they have come, what they are signed with, where they may call."""

    progress: Progress
    secrets: Secrets
    targets: Targets
