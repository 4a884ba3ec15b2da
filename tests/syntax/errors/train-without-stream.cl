spec s "A sample"

train(batch = 256, epochs = 100):
    minimize e by sgd(lr = 0.1)
