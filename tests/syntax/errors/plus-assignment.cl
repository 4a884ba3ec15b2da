spec s "A sample"

train on photos:
    n += 1
