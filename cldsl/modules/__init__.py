"""Encoders a spec may name: catalog.py says what they are, build.py makes them, weights.py moves their weights.

Importing this package imports no torch; `catalog` and `shapes` stay torch-free, the rest is loaded at run time.
"""
