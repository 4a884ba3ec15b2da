spec s "A sample"

contarst pull:
    anchor a in z
