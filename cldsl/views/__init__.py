"""Views: random images and vectors as draws, composed of primitive stages and run for a whole batch at once.

In order of reading: catalog.py (names, arguments, shapes), stage.py (what a stage is), boxes.py, geometry.py,
resample.py, colour.py, filters.py, entries.py (the stages), plan.py (which stages share one pass), pipeline.py.
"""
