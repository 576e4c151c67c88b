"""The Python API: a brand's analyses in a notebook. Reading only, and the same models as the page,
the HTTP API and the command line.

    pond = yutang.open("home", brand="pond")
    pond.funnel(steps=["code_scanned", "order_paid"], window="30 days")
    pond.funnel(steps=["code_scanned", "order_paid"], filter=pond.segment("VIP").filter)
    pond.analyse("event", {"measures": [{"event": "order_paid"}]}).to_arrow()
"""

from yutang.notebook.answer import Answer
from yutang.notebook.pond import Pond, open_pond

__all__ = ["Answer", "Pond", "open_pond"]
