"""Measured values a spec may report: catalog.py names them, the other files compute them.

Importing this package imports no torch; implementations are loaded when a report is evaluated.
"""
