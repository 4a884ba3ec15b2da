spec s "A sample"

contrast pull:
    anchor a in z
    candidate c in z
