spec s "A sample"

contrast pull:
    anchor a in z
    loss infonce(dot(a, c) / tau)
