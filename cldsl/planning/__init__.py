"""What a program may spend: `--memory` as bytes, and how many rows at a time each encoder gets of it.

In order of reading: budget.py (sizes as people write them), encoders.py (which encoders are applied in chunks).
"""
