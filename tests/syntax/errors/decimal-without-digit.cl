spec s "A sample"

param m = .999
