spec s "A sample"

train on photos:
    m = mix(m, f)
