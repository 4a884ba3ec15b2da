spec s "A sample"

for i in 10:
    s <- s + i
