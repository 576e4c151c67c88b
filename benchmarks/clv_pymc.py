"""BG/NBD and Gamma-Gamma by pymc-marketing's maximum a posteriori (its fastest way), run by clv.py
with a Python that has it, such as a venv after `pip install "pymc-marketing==0.19.2"`.

`python clv_pymc.py HISTORIES.csv` (x, t_x, T in weeks, mean): prints JSON, the parameters and the
best of three times of both fits together. Compiling is part of the first time only: compiled code
is kept by its own cache.
"""

import contextlib
import io
import json
import sys
import time
import warnings

import pandas as pd

warnings.simplefilter("ignore")
from pymc_marketing.clv import BetaGeoModel, GammaGammaModel  # noqa: E402


def main() -> None:
    table = pd.read_csv(sys.argv[1])
    often_data = pd.DataFrame(
        {
            "customer_id": range(len(table)),
            "frequency": table["x"],
            "recency": table["t_x"],
            "T": table["T"],
        }
    )
    again = table[(table["x"] > 0) & (table["mean"] > 0)]
    much_data = pd.DataFrame(
        {
            "customer_id": range(len(again)),
            "frequency": again["x"].to_numpy(),
            "monetary_value": again["mean"].to_numpy(),
        }
    )
    best = float("inf")
    for _ in range(3):
        with contextlib.redirect_stdout(io.StringIO()):
            started = time.perf_counter()
            often = BetaGeoModel(data=often_data)
            often.fit(method="map")
            much = GammaGammaModel(data=much_data)
            much.fit(method="map")
            best = min(best, time.perf_counter() - started)
    found = [float(often.idata.posterior[n].mean()) for n in ("r", "alpha", "a", "b")]
    found += [float(much.idata.posterior[n].mean()) for n in ("p", "q", "v")]
    print(json.dumps({"seconds": best, "params": found}))


if __name__ == "__main__":
    main()
