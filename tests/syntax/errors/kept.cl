spec s "A sample"

learn C[proto = 10, dim] = normal(0, 1) kept unit(C)
