"""What a spec does, told before it runs: `explain` and what `check`, `list` and `claim` share with it.

In order of reading: table.py (columns of text), findings.py (diagnostics of a spec and its variants), timeline.py (a
step in order), sets.py (positives, negatives, ignored), reach.py (what a gradient moves), memory.py (sizes and work),
trace.py (what passes change), report.py (all of these). Nothing here runs a spec or needs torch.
"""
