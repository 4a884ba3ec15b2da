spec s "A sample"

let r[item, time] ~ uniform(0, 1)
