spec s "A sample"

train on photos:
    update Q <- push(Q, k)
