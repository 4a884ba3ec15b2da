spec s "A sample"

let embed(x) = unit(f(x))
