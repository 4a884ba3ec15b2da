spec s "A sample"

let x = f(y))
