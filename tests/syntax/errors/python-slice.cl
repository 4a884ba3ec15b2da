spec s "A sample"

let x = y[1:5]
