spec s "A sample"

let x = y if 0 <= y <= 1
