spec s "A sample"

contrast pull:
    positive c in z if c.item = a.item
