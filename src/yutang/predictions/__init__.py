"""What customers will probably do: orders and value to come, who is still there, when next."""

from yutang.predictions.fitting import HORIZONS, MODELS, Fitted, Model, Scores, fitted
from yutang.predictions.holdout import Holdout, hold_out
from yutang.predictions.keeping import Settings
from yutang.predictions.purchases import Purchases, day_of, from_sales, read_purchases
from yutang.predictions.service import Predictions, check_model, check_settings

__all__ = [
    "HORIZONS",
    "MODELS",
    "Fitted",
    "Holdout",
    "Model",
    "Predictions",
    "Purchases",
    "Scores",
    "Settings",
    "check_model",
    "check_settings",
    "day_of",
    "fitted",
    "from_sales",
    "hold_out",
    "read_purchases",
]
