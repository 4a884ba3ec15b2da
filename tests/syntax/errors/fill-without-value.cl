spec s "A sample"

let x = y else
