spec s "A sample"

let x = y ** 2
