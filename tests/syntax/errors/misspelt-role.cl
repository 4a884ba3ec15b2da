spec s "A sample"

contrast pull:
    anchr a in z
