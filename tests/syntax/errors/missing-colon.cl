spec s "A sample"

train on photos(batch = 256)
    minimize e by sgd(lr = 0.1)
