spec s "A sample"

let x = y[a + 1 -> b]
