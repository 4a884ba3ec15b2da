spec s "A sample"

let x = sum[item weight w](y)
