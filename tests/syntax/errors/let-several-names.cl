spec s "A sample"

let a, b = f(x)
