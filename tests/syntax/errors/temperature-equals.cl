spec s "A sample"

contrast pull:
    temperature = 0.1
