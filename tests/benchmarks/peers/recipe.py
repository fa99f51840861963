"""The model every peer serves: Farol's features, imputed, scaled, one-hot, 500 boosted trees.

Runs in the peer's own environment.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

NUMBERS = (
    "inde", "iaa", "ieg", "ips", "ipp", "ida", "ipv", "ian", "mat", "por", "ing", "fase",
    "fase_ideal", "defasagem", "idade", "anos_programa", "n_avaliacoes",
)  # fmt: skip
CATEGORIES = {
    "pedra": ("quartzo", "agata", "ametista", "topazio"),
    "instituicao": ("publica", "privada", "apadrinhamento"),
}
FEATURES = (*NUMBERS, *CATEGORIES)
TREES = 500


def training_table(rows: int = 1000, seed: int = 7) -> tuple[pd.DataFrame, Any]:
    """Random indicators and an outcome that depends on them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.uniform(0, 10, (rows, len(NUMBERS))), columns=list(NUMBERS))
    outcome = (table["inde"] + table["ieg"] + rng.normal(0, 3, rows) < 10).astype(int)
    table = table.mask(rng.random(table.shape) < 0.05)
    for name, known in CATEGORIES.items():
        table[name] = rng.choice(list(known), rows).astype(object)
    return table, outcome


def frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    """Records as a table with the columns the model was trained on."""
    table = pd.DataFrame(records, columns=list(FEATURES))
    table[list(NUMBERS)] = table[list(NUMBERS)].astype(float)
    table[list(CATEGORIES)] = table[list(CATEGORIES)].astype(object)
    return table


def fitted_pipeline() -> Any:
    """A scikit-learn pipeline, as the published projects of this kind serve it."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from xgboost import XGBClassifier

    table, outcome = training_table()
    encode = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(
                    SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
                ),
                list(NUMBERS),
            ),
            (
                "categories",
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="unknown"),
                    OneHotEncoder(handle_unknown="ignore"),
                ),
                list(CATEGORIES),
            ),
        ]
    )
    trees = XGBClassifier(n_estimators=TREES, max_depth=4, learning_rate=0.05, n_jobs=1)
    return make_pipeline(encode, trees).fit(table, outcome)
