spec s "A sample"

let x = 1
