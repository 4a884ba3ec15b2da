spec s "A sample"

param warm = 10 epochs, tau: real > 0 = 0.1
