spec s "A sample"

let f = map(lambda x: x, y)
