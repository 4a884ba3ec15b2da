spec s "A sample"

let k = stop(t'(x))
