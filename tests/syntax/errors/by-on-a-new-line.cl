spec s "A sample"

train on photos:
    minimize mean(infonce(pull)) over f, g
        by sgd(lr = 0.1)
