spec s "A sample"

evaluate every 10 epochs:
    knn(f(x), label)
