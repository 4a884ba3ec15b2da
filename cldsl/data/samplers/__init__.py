"""Samplers: which rows make a batch, and what columns that choice adds. `catalog.py` knows them by name."""
