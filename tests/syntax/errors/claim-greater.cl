spec s "A sample"

claim acc > acc(coef = 0) over 5 seeds
