spec s "A sample"

def f(x):
    return x
