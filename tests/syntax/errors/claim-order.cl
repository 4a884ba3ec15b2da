spec s "A sample"

claim acc: this > baseline
