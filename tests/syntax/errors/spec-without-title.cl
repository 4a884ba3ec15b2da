spec s
