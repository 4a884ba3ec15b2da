spec s "A sample"

let x = y if not(a) and b !c
