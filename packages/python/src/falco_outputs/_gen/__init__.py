"""The stubs of Falco's contract, made by scripts/generate.py, and the pool that they live in."""
