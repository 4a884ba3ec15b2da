spec s "A sample"

let w = (a if P else b) if step % 4 == 0 \
    else c
