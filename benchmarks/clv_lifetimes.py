"""BG/NBD and Gamma-Gamma by the package lifetimes, run by clv.py with the Python of .venv-bench.

`python clv_lifetimes.py HISTORIES.csv` (x, t_x, T in weeks, mean): prints JSON, the parameters and
the best of five times of both fits together.
"""

import json
import sys
import time
import warnings

import pandas as pd

warnings.simplefilter("ignore")
from lifetimes import BetaGeoFitter, GammaGammaFitter  # noqa: E402


def main() -> None:
    table = pd.read_csv(sys.argv[1])
    again = table[(table["x"] > 0) & (table["mean"] > 0)]
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        often, much = BetaGeoFitter(), GammaGammaFitter()
        often.fit(table["x"], table["t_x"], table["T"])
        much.fit(again["x"], again["mean"])
        best = min(best, time.perf_counter() - started)
    print(json.dumps({"seconds": best, "params": [*often.params_, *much.params_]}))


if __name__ == "__main__":
    main()
