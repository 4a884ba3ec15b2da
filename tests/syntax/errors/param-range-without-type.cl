spec s "A sample"

param k in 1 .. 5 = 2
