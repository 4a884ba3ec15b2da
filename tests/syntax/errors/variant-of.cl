spec s "A sample"

variant rbf of momentum:
    param tau = 0
