"""Measure the package against its peers: `python -m benchmarks [name …]`."""
