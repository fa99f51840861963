"""The model every peer serves: impute, scale, 500 boosted trees. Runs in its own environment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

FEATURES = (
    "inde", "iaa", "ieg", "ips", "ipp", "ida", "ipv", "ian", "mat", "por", "ing", "fase",
    "fase_ideal", "defasagem", "idade", "anos_programa",
)  # fmt: skip
TREES = 500


def training_table(rows: int = 1000, seed: int = 7) -> tuple[pd.DataFrame, Any]:
    """Random indicators and an outcome that depends on them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.uniform(0, 10, (rows, len(FEATURES))), columns=list(FEATURES))
    outcome = (table["inde"] + table["ieg"] + rng.normal(0, 3, rows) < 10).astype(int)
    return table.mask(rng.random(table.shape) < 0.05), outcome


def fitted_pipeline() -> Any:
    """A scikit-learn pipeline, as the published projects of this kind serve it."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from xgboost import XGBClassifier

    table, outcome = training_table()
    model = make_pipeline(
        SimpleImputer(strategy="median"),
        StandardScaler(),
        XGBClassifier(n_estimators=TREES, max_depth=4, learning_rate=0.05, n_jobs=1),
    )
    return model.fit(table, outcome)
