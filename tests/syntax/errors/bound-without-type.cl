spec s "A sample"

param n = 3, tau > 0 = 0.1
