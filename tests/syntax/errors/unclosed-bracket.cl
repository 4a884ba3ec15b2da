spec s "A sample"

let x = f(g(y)
let z = 3
