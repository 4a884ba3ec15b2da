spec s "A sample"

let x = f(a, )
