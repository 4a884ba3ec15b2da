spec s "A sample"

contrast pull for a in z:
    positive c in z
