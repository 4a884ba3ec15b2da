spec s "A sample"

train on photos:
let x = 3
