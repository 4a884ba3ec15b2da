spec s "A sample"

contrast pull:
    anchor z
