spec s "A sample"

run 115 epochs:
    minimize e by adam(lr = 1e-3)
