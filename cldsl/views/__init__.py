"""Views: random images and vectors as draws, composed of primitive stages and run for a whole batch at once.

In order of reading: catalog.py (names, arguments, shapes), stage.py (what a stage is); the stages in geometry.py
(with boxes.py, resample.py), colour.py, filters.py, choice.py, entries.py; plan.py (which share one pass), pipeline.py.
"""
