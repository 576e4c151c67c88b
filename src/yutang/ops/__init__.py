"""Keep an installation well: backup, restore, doctor."""

from yutang.ops.backup import Backup, backup
from yutang.ops.doctor import DETECTORS, examine
from yutang.ops.findings import Finding
from yutang.ops.restore import restore

__all__ = ["DETECTORS", "Backup", "Finding", "backup", "examine", "restore"]
