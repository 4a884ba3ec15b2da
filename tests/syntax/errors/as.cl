spec s "A sample"

let s = g(x)[dim as trait]
