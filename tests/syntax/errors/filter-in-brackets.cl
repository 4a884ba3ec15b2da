spec s "A sample"

let x = [1, 2][v % 2 if m]
