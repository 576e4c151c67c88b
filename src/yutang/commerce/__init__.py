"""Commerce: shops, order imports, and what each order is now."""

from yutang.commerce.current import CurrentOrders, OrderBook
from yutang.commerce.domains import note_domain, tell_domains
from yutang.commerce.importer import OrderImports, OrderReader, ReadOrders
from yutang.commerce.repair import Repairs
from yutang.commerce.shops import Shop, Shops
from yutang.commerce.status import status_of

__all__ = [
    "CurrentOrders",
    "OrderBook",
    "OrderImports",
    "OrderReader",
    "ReadOrders",
    "Repairs",
    "Shop",
    "Shops",
    "note_domain",
    "status_of",
    "tell_domains",
]
