spec s "A sample"

let x
