"""Optimisers a spec may name: catalog.py says what they are, rule.py holds one at work.

Importing this package imports no torch; `catalog` stays torch-free, the rest is loaded at run time.
"""
