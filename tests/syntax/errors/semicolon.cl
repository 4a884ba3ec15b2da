spec s "A sample"

let x = 1; let y = 2
