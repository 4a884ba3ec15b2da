spec s "A sample"

let a = b if c
    else d
