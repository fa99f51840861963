"""Boosted trees on a window of Parquet files that no memory holds: docs/dask.md."""
