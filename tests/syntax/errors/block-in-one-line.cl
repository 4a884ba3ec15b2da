spec s "A sample"

train on photos: minimize e by sgd(lr = 0.1)
