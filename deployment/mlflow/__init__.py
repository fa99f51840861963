"""Runs, versions and drift reports as MLflow shows them."""
