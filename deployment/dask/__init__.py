"""Work done side by side by the workers of a Dask cluster: docs/dask.md."""
