"""Runs on a labelled window that no memory holds: docs/dask.md."""
