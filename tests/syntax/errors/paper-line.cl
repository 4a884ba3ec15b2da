spec s "A sample"
    paper "arXiv:2206.03281"  # no code for this
