"""Saves the pipeline as an MLflow model into the folder named on the command line."""

from __future__ import annotations

import sys

import mlflow.sklearn

from recipe import fitted_pipeline

if __name__ == "__main__":
    mlflow.sklearn.save_model(
        fitted_pipeline(), sys.argv[1], pip_requirements=[], serialization_format="cloudpickle"
    )
