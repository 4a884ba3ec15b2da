spec s "A sample"

let t0, t1[item] ~ integers(1, 254)
