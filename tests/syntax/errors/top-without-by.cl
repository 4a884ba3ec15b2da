spec s "A sample"

contrast pull:
    negative c in z top 5
