spec s "A sample"

train on photos:
        let y = 2
    minimize y by sgd(lr = 0.1)
