spec s "A sample"

param tau > 0 = 0.1

let embed(x) = unit(f(x))

claim acc > base
