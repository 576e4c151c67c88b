"""What customers will probably do: orders and value to come, who is still there, when next."""

from yutang.predictions.fitting import MODELS, Fitted, Model, Scores, fitted
from yutang.predictions.holdout import Holdout, hold_out
from yutang.predictions.purchases import Purchases, from_sales, read_purchases
from yutang.predictions.service import Predictions, Settings

__all__ = [
    "MODELS",
    "Fitted",
    "Holdout",
    "Model",
    "Predictions",
    "Purchases",
    "Scores",
    "Settings",
    "fitted",
    "from_sales",
    "hold_out",
    "read_purchases",
]
