"""Keep an installation well: backup, restore, doctor."""

from yutang.ops.backup import Backup, backup
from yutang.ops.restore import restore

__all__ = ["Backup", "backup", "restore"]
