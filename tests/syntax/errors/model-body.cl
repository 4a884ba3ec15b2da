spec s "A sample"

model gcn(x, A):
    x
