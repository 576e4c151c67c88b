"""The receivers: a request of a tracker stands on the disk before it is answered.

`Collecting` is one process' share of it (write keys, journals, counters, health); `Receiver` is
the ASGI application over it, alone or in front of another one. Nothing is decoded here beyond what
the answer needs: the worker reads the journal.
"""

from yutang.collect.collecting import Collecting, Health, Rules
from yutang.collect.receiver import Receiver
from yutang.collect.stores import Stores

__all__ = ["Collecting", "Health", "Receiver", "Rules", "Stores"]
