spec s "A sample"

let t = teacher.eval(x) each run
